"""Images and modules by digest: fetched from registries and the market, kept within a quota."""
