"""Makes the fonts of this folder from Inter's. Usage: python subset.py FOLDER_OF_INTER_WOFF2

Each weight becomes a TTF, which the bitmaps are drawn with, and the same font as WOFF2, which SVG files and the report
embed. Kerning is flattened from GPOS into the older `kern` table, the only one that the bitmap text reads, and GPOS is
dropped, so that a browser sets the same text to the same width.
"""

import pathlib
import sys

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._k_e_r_n import KernTable_format_0

UNICODES = [
    *range(0x20, 0x7F),  # Basic Latin
    *range(0xA0, 0x180),  # Latin-1, Latin Extended-A
    *range(0x384, 0x3CF),  # Greek
    *[0x2009, 0x202F, *range(0x2010, 0x2027), 0x2030, 0x2032, 0x2033],  # spaces, dashes, quotes, dots
    *[0x2070, *range(0x2074, 0x207F), *range(0x2080, 0x208A)],  # superscripts, subscripts
    *[0x2190, 0x2191, 0x2192, 0x2193],  # arrows
    *[0x2202, 0x2206, 0x2211, 0x2212, 0x221A, 0x221E, 0x2248, 0x2260, 0x2264, 0x2265],  # mathematics
]


def kerning(font):
    """The kerning between the characters of Basic Latin, by pairs of glyphs."""
    glyphs = [font.getBestCmap()[code] for code in range(0x20, 0x7F)]
    gpos = font["GPOS"].table
    lookups = {i for f in gpos.FeatureList.FeatureRecord if f.FeatureTag == "kern" for i in f.Feature.LookupListIndex}
    pairs = {}
    for index in sorted(lookups):
        for left in glyphs:
            for right in glyphs:
                value = pair_value(gpos.LookupList.Lookup[index], left, right)
                if value:
                    pairs.setdefault((left, right), value)
    return pairs


def pair_value(lookup, left, right):
    """What a lookup adds to the advance of `left` before `right`: the first subtable that knows the pair decides."""
    for table in lookup.SubTable:
        table = getattr(table, "ExtSubTable", table)
        if table.LookupType != 2 or left not in table.Coverage.glyphs:
            continue
        if table.Format == 1:
            records = table.PairSet[table.Coverage.glyphs.index(left)].PairValueRecord
            record = next((record for record in records if record.SecondGlyph == right), None)
            if record is None:
                continue
        else:
            first = table.ClassDef1.classDefs.get(left, 0)
            record = table.Class1Record[first].Class2Record[table.ClassDef2.classDefs.get(right, 0)]
        return getattr(record.Value1, "XAdvance", 0) if record.Value1 else 0
    return 0


def subset(source, target):
    font = TTFont(source, recalcTimestamp=False)  # the same bytes each time
    pairs = kerning(font)
    options = Options()
    options.layout_features = ["kern", "tnum"]
    options.drop_tables += ["GPOS", "GDEF"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=UNICODES)
    subsetter.subset(font)

    table = KernTable_format_0()
    table.apple, table.coverage, table.kernTable = False, 1, pairs
    font["kern"] = newTable("kern")
    font["kern"].version, font["kern"].kernTables = 0, [table]

    font.flavor = None
    font.save(target.with_suffix(".ttf"))
    font.flavor = "woff2"
    font.save(target.with_suffix(".woff2"))


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    for weight in ("Regular", "SemiBold"):
        subset(folder / f"Inter-{weight}.woff2", pathlib.Path(__file__).with_name(f"Inter-{weight}"))
