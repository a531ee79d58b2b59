"""Every corruption against the checks that it must break, and every neutral change against the alarm that it must not raise."""
