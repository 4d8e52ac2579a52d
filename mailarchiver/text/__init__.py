"""The ground all stages stand on: pure functions over strings (names, dates, white space, subjects)."""
