"""Forwards as mail programs write them: one file per family of programs, a function per program.

Each function takes a `Letter` and the words of a language, and gives the `Body` that the program would send. What is
written here is known from the programs' own output, not read from the tables of the package under test.
"""
