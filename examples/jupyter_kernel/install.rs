//! Registers the kernel with Jupyter: a directory with `kernel.json`.

use jupyter_zmq_client::dirs::user_data_dir;
use serde_json::json;
use std::error::Error;
use std::path::{Path, PathBuf};

/// Writes `kernels/indicial/kernel.json` into the user's directory of Jupyter, or below `prefix`, and says where.
///
/// # Errors
/// If there is no such directory, or it cannot be written.
pub fn install(prefix: Option<&Path>) -> Result<PathBuf, Box<dyn Error>> {
    let data = match prefix {
        Some(prefix) => prefix.join("share/jupyter"),
        None => user_data_dir()?,
    };
    let directory = data.join("kernels/indicial");
    std::fs::create_dir_all(&directory)?;
    let program = std::env::current_exe()?;
    let specification = json!({
        "argv": [program, "start", "{connection_file}"],
        "display_name": "indicial",
        "language": "indicial",
        "interrupt_mode": "message",
    });
    std::fs::write(directory.join("kernel.json"), format!("{specification:#}\n"))?;
    Ok(directory)
}
