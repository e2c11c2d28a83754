# The few commands to learn; each is one line that can be typed as well.

# Runs the whole system here.
run *arguments:
    cargo run --release -- {{arguments}}

# Runs all tests.
test:
    cargo test --release --workspace

# Formats and lints.
lint:
    cargo fmt --all && cargo clippy --release --workspace --all-targets -- -D warnings

# Everything that CI runs.
ci:
    .ci/run
