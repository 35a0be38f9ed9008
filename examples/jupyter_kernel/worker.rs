//! The process that computes. It can be killed while it does, so that an interrupt is one; the kernel keeps the state and starts
//! another.

use crate::session::{Failure, Shown, State, run};
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::io::{BufRead, Write};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// What is asked of a worker: a line of JSON.
#[derive(Serialize, Deserialize)]
struct Task {
    state: State,
    cell: String,
}

/// What a worker says: any number of outputs, then the end.
#[derive(Serialize, Deserialize)]
pub enum Said {
    Shown(Box<Shown>),
    Done { state: State, failure: Option<Failure> },
}

/// Answers the tasks of standard input on standard output. When standard input ends, because the kernel did, so does the process, in the
/// middle of a computation if need be.
///
/// # Errors
/// If a task cannot be read, or an answer not be written.
pub fn serve() -> Result<(), Box<dyn Error>> {
    let (sender, tasks) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let lines = std::io::stdin().lock().lines().map_while(Result::ok);
        lines.take_while(|line| sender.send(line.clone()).is_ok()).for_each(drop);
        std::process::exit(0);
    });
    let mut out = std::io::stdout().lock();
    for line in tasks {
        let Task { mut state, cell } = serde_json::from_str(&line)?;
        let mut failed = None;
        let outcome = run(&mut state, &cell, |shown| {
            failed = failed.take().or(say(&mut out, &Said::Shown(Box::new(shown))).err());
        });
        if let Some(error) = failed {
            return Err(error.into());
        }
        say(&mut out, &Said::Done { state, failure: outcome.err() })?;
    }
    Ok(())
}

fn say(out: &mut impl Write, said: &Said) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, said)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// A worker at work for the kernel; it ends with its owner.
pub struct Worker {
    child: Child,
    tasks: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    /// # Errors
    /// If the program cannot be started again.
    pub fn start() -> std::io::Result<Worker> {
        let missing = || std::io::Error::other("a worker has no pipe");
        let mut child =
            Command::new(std::env::current_exe()?).arg("worker").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let tasks = child.stdin.take().ok_or_else(missing)?;
        let said = BufReader::new(child.stdout.take().ok_or_else(missing)?).lines();
        Ok(Worker { child, tasks, said })
    }

    /// # Errors
    /// If the worker has ended.
    pub async fn ask(&mut self, state: &State, cell: &str) -> std::io::Result<()> {
        let task = serde_json::to_string(&Task { state: state.clone(), cell: cell.to_owned() })?;
        self.tasks.write_all(format!("{task}\n").as_bytes()).await?;
        self.tasks.flush().await
    }

    /// The next thing that it says. May be dropped while it waits.
    ///
    /// # Errors
    /// If the worker has ended.
    pub async fn next(&mut self) -> std::io::Result<Said> {
        let line = self.said.next_line().await?.ok_or_else(|| std::io::Error::other("the worker ended"))?;
        Ok(serde_json::from_str(&line)?)
    }

    /// # Errors
    /// If it could not be ended.
    pub async fn end(&mut self) -> std::io::Result<()> {
        self.child.kill().await
    }
}
