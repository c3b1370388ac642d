//! `phalanx`: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    phalanx_server::cli::main()
}
