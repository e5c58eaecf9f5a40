"""`kundeapp run`: the whole suite on one machine."""
