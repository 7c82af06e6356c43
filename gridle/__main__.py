"""`python -m gridle` is `gridle`."""

import sys

from gridle.cli import main

sys.exit(main())
