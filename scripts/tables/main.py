"""Does with the tables of an experiment what people do with them: one row an operation; 1 is returned where one failed.

    python scripts/tables/main.py artifacts/smoke
"""

import pathlib
import sys

import operations
import schema, figures  # noqa: F401, E401  in the order of the rows
import with_pyarrow, with_pandas, with_polars, with_duckdb, with_datasets  # noqa: F401, E401

sys.exit(operations.run(pathlib.Path(sys.argv[1])) > 0)
