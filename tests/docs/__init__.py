"""What the README and the docs say is held against what is: pages that are written from the code, links, commands, snippets, outputs."""
