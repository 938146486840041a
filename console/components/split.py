"""Two columns where there is room for both, one under the other where there is not."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

# Streamlit stacks columns only on phones; beside its sidebar they get too narrow long before that.
_ROW = ">[data-testid=stLayoutWrapper]>[data-testid=stHorizontalBlock]"
STYLE = f"""@media(max-width:1060px){{
[class*=st-key-split_]{_ROW}{{flex-wrap:wrap}}
[class*=st-key-split_]{_ROW}>[data-testid=stColumn]{{min-width:100%}}
[class*=st-key-split_half_]{_ROW}>[data-testid=stColumn]{{min-width:calc(50% - .5rem)}}
[class*=st-key-split_filters_]{_ROW}>[data-testid=stColumn]{{min-width:calc(50% - 88px)}}
[class*=st-key-split_filters_]{_ROW}>[data-testid=stColumn]:has([data-testid=stDateInput]){{min-width:236px}}
[class*=st-key-split_filters_]{_ROW}>[data-testid=stColumn]:last-child{{min-width:72px;flex:0 0 72px}}
[class*=st-key-split_line_]{_ROW}{{row-gap:.25rem}}
}}
@media(min-width:641px) and (max-width:1060px){{
[class*=st-key-split_half_slot]{_ROW}>[data-testid=stColumn]:not(:last-child){{min-width:0}}
[class*=st-key-split_half_slot]{_ROW}>[data-testid=stColumn]:last-child{{min-width:100%}}
[class*=st-key-split_line_]{_ROW}>[data-testid=stColumn]:not(:first-child){{min-width:0}}
}}"""


def split(
    name: str, widths: Sequence[float], *, controls: bool = False, filters: bool = False, middle: bool = False
) -> list[DeltaGenerator]:
    """Columns in these proportions. `controls`: a row of inputs; on a small screen two of them share a line.

    `filters`: inputs too, and in the last column what clears them, which on a small screen stands behind the last two.
    `middle`: a line of a list, its parts in the middle of its height; on a small screen all but the first share a line.
    """
    kind = "half_" if controls else "filters_" if filters else "line_" if middle else ""
    with st.container(key=f"split_{kind}{name}"):
        if controls or filters:
            return st.columns(list(widths), vertical_alignment="bottom")
        return st.columns(list(widths), gap="medium", vertical_alignment="center" if middle else "top")
