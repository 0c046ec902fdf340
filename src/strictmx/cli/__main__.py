"""`python -m strictmx.cli` is `strictmx`."""

import sys

from strictmx.cli import main

sys.exit(main())
