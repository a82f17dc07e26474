"""The plot of the results."""

from collections.abc import Sequence
from math import ceil, floor, log10
from xml.etree.ElementTree import tostring

import pygal
from pygal.style import DefaultStyle

from benchmarks.peers.contest import CONNECTIONS, Measured


def plot(measured: Sequence[Measured], cases: Sequence[str]) -> str:
    """An SVG image: milliseconds of server CPU for a request, on a logarithmic scale; shorter is better."""
    shown = [one for one in measured if one.case in cases and one.connections == CONNECTIONS[-1] and one.cpu]
    least, most = (
        round_(log10(limit(one.cpu for one in shown))) for round_, limit in ((floor, min), (ceil, max))
    )
    chart = pygal.Bar(
        logarithmic=True,
        range=(10.0**least, 10.0**most),
        zero=10.0**least,
        style=DefaultStyle,
        legend_at_bottom=True,
        legend_at_bottom_columns=2,
        truncate_legend=-1,
        title="Server CPU for a request, in milliseconds",
        x_title="Logarithmic scale; shorter is better",
        width=1000,
        height=600,
    )
    chart.x_labels = cases
    chart.y_labels = [10.0**power for power in range(least, most + 1)]
    for contestant in dict.fromkeys(one.contestant for one in shown):
        found = {one.case: one.cpu for one in shown if one.contestant == contestant}
        chart.add(contestant, [found.get(case) for case in cases])
    image = chart.render_tree()
    # They are for a cursor over the image, and one comes from another host.
    for definitions in image.iter("defs"):
        for script in definitions.findall("script"):
            definitions.remove(script)
    return tostring(image, encoding="unicode")
