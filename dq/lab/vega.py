"""The one place for pictures in a page of their own: the Vega that JupyterLab brings, taken from its installed files, so that nothing is fetched.

JupyterLab's files are chunks of numbered modules; a small loader makes modules of them again. Where they are not as expected, there is no script and
the page says so in each picture's place.
"""

from __future__ import annotations

import json
import re
import sysconfig
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any, Final

_STATIC: Final = Path("share") / "jupyter" / "lab" / "static"
# In JupyterLab's main file, of each library that its parts share: the number under which it is asked for, its name, its chunks, its module's number.
_SHARED: Final = re.compile(
    r'(\d+):\{shareScope:"default",shareKey:"(vega|vega-lite|vega-embed)".{0,200}?fallback:\(\)=>(.{0,300}?)\.then\(\(\)=>\(\)=>__webpack_require__\((\d+)\)\)'
)
_CHUNK: Final = re.compile(r"__webpack_require__\.e\((\d+)\)")
_PUSHED: Final = re.compile(r"self\.(\w*Chunk_\w+)\s*=\s*self\.\1\s*\|\|\s*\[\]")
_LOADER: Final = """
(() => {
  const modules = {}, made = {}, shared = SHARED;
  self.CHUNKS = {push: ([, more]) => Object.assign(modules, more)};
  const load = asked => {
    const id = shared[asked] ?? asked;
    if (!made[id]) {
      const module = made[id] = {id, exports: {}};
      modules[id].call(module.exports, module, module.exports, load);
    }
    return made[id].exports;
  };
  load.o = (object, name) => Object.prototype.hasOwnProperty.call(object, name);
  load.d = (target, found) => {
    for (const name in found) if (!load.o(target, name)) Object.defineProperty(target, name, {enumerable: true, get: found[name]});
  };
  load.r = target => Object.defineProperty(target, '__esModule', {value: true});
  load.n = module => { const get = module && module.__esModule ? () => module.default : () => module; load.d(get, {a: get}); return get; };
  load.g = self;
  self.drawAll = () => {
    const vega = load(VEGA), lite = load(LITE);
    for (const place of document.querySelectorAll('.dq-picture')) {
      const spec = lite.compile(JSON.parse(place.querySelector('script').textContent)).spec;
      const drawn = place.appendChild(document.createElement('div'));
      new vega.View(vega.parse(spec), {renderer: 'svg', container: drawn, hover: true}).runAsync().then(() => place.querySelector('p').remove());
    }
  };
})();
"""


@lru_cache(maxsize=1)
def script() -> str | None:
    """Return one script that draws every picture of a page; None where JupyterLab's files are not as expected."""
    static = Path(sysconfig.get_path("data")) / _STATIC
    main = next(iter(sorted(static.glob("main.*.js"))), None)
    found = {name: (asked, _CHUNK.findall(chunks), module) for asked, name, chunks, module in _SHARED.findall(main.read_text(encoding="utf-8"))} if main else {}
    if found.keys() != {"vega", "vega-lite", "vega-embed"}:  # the last has a part that both others need
        return None
    numbers = dict.fromkeys(number for _, chunks, _ in found.values() for number in chunks)
    files = [file.read_text(encoding="utf-8") for number in numbers for file in sorted(static.glob(f"{number}.*.js"))]
    names = {match[1] for text in files if (match := _PUSHED.search(text[:300]))}
    if len(names) != 1:
        return None
    shared = json.dumps({asked: int(module) for asked, _, module in found.values()})
    loader = _LOADER.replace("SHARED", shared).replace("CHUNKS", names.pop()).replace("VEGA", found["vega"][2]).replace("LITE", found["vega-lite"][2])
    return "\n;\n".join([loader, *files, "self.drawAll();"]).replace("</script", "<\\/script").replace("<!--", "<\\!--")


def place_for(spec: dict[str, Any], words: str) -> str:
    """Return the place of a picture in a page: its description as JSON, which the page's script draws, and words for where it does not."""
    data = json.dumps(spec, ensure_ascii=True).replace("<", "\\u003c")
    said = f"{escape(words)} Pictures are drawn in JupyterLab, and here where a script may run."
    return f'<div class="dq-picture"><p>{said}</p><script type="application/json">{data}</script></div>'
