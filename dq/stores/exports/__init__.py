"""The one package that reads folders of exports: files found, checked line by line and counted apart from the parser that loads them."""
