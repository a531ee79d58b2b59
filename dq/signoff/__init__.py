"""The one place for what is signed: parity statements, sign-offs, exporters' statements, the roster, and their verification."""
