"""A table file with every column it has, also those that the contract does not know."""

from __future__ import annotations

from pathlib import Path

from shequn import tabular


def whole_sql(path: Path, work: Path) -> str:
    """Return what DuckDB reads a table file with: all columns, text as it stands.

    Parameters
    ----------
    path
        A ``.csv``, ``.csv.gz`` or ``.parquet`` file.
    work
        Folder for a copy in UTF-8, where one is needed; it must stay until the query has run.
    """
    source = tabular.utf8_path(path, work)
    place = tabular.file_literal(source)
    if path.suffix == ".parquet":
        return f"read_parquet({place}, hive_partitioning = false)"
    header = tabular.read_header(source)
    columns = ", ".join(f"{tabular.literal(c)}: 'VARCHAR'" for c in header.names)
    return (
        f"read_csv({place}, auto_detect = false, header = true, columns = {{{columns}}}, "
        f"delim = {tabular.literal(header.delimiter)}, quote = '\"', escape = '\"', nullstr = '', "
        "hive_partitioning = false)"
    )
