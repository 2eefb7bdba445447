"""Scalar series: `points` as they are, `buckets` as charts see them, `chunks` as SQL keeps them."""
