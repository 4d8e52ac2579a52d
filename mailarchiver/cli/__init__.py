"""The commands, one a file: they parse arguments, call one function of the program, print, and choose the exit code.

Their modules import typer and nothing heavy: what a command needs it imports when it is called, so that
`mailarchiver --help` answers at once.
"""
