"""Reads a `.env` file with the unmodified `python-dotenv` and prints it as JSON."""

import json
import sys

from dotenv import dotenv_values

print(json.dumps(dict(dotenv_values(sys.argv[1]))))
