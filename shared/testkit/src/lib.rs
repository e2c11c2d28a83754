//! Memory ports and contract suites, for tests.
