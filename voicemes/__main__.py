"""`python -m voicemes` is `voicemes`."""

from voicemes.cli.main import main

main()
