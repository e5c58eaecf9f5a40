"""Makes the fonts of printed documents: Noto Sans in two weights, as files for `make gen`.

The font comes as one file with every weight in it, which PDF does not know. Latin, Greek and
Cyrillic are kept of it.
"""

# fontTools and fontpkg come without types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

import sys
from itertools import chain
from pathlib import Path

import fontpkg
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

_WEIGHTS = {"Regular": 400, "Bold": 700}
_KEPT = (
    range(0x20, 0x250),
    range(0x370, 0x530),
    range(0x1E00, 0x1F00),
    range(0x2000, 0x2070),
)


def main() -> None:
    """Writes the fonts into the folder that the command names."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, weight in _WEIGHTS.items():
        font = TTFont(fontpkg.path("Noto Sans"), recalcTimestamp=False)
        subsetter = Subsetter(Options(layout_features=[], notdef_outline=True))
        subsetter.populate(unicodes=chain.from_iterable(_KEPT))
        subsetter.subset(font)
        fixed = instancer.instantiateVariableFont(font, {"wght": weight, "wdth": 100})
        # Two weights in one document are told apart by their PostScript name.
        fixed["name"].setName(f"NotoSans-{name}", 6, 3, 1, 0x409)
        fixed.save(folder / f"NotoSans-{name}.ttf")


if __name__ == "__main__":
    main()
