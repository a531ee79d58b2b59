"""The one place for renderings: the record as HTML, Markdown, JUnit, terminal and notebook displays.

Renderings compute nothing and never ask the comparison again. Import the module you need: only `html` and `displays` load jinja2, only `exports` loads polars.
"""
