//! Jupyter's five channels: requests come in on shell and control, outputs go out on IOPub.

use crate::reply::{completeness, completion, error_output, history, inspection, kernel_info, media, reply_error};
use crate::session::{Failure, Shown, State};
use crate::worker::{Said, Worker};
use jupyter_protocol::{
    CommInfoReply, ConnectionInfo, DisplayData, ExecuteInput, ExecuteReply, ExecuteRequest, ExecuteResult, ExecutionCount, InterruptReply,
    JupyterMessage, JupyterMessageContent, ReplyStatus, ShutdownReply, Status, StreamContent,
};
use jupyter_zmq_client::{
    KernelControlConnection, KernelIoPubConnection, KernelShellConnection, RuntimeError, create_kernel_control_connection,
    create_kernel_heartbeat_connection, create_kernel_iopub_connection, create_kernel_shell_connection, create_kernel_stdin_connection,
};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, interval_at, sleep, timeout};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What takes longer says so.
const LONG: Duration = Duration::from_secs(1);

/// Serves until it is told to shut down, or its parent has ended.
///
/// # Errors
/// If the connection file cannot be read, or a channel not be opened.
pub fn start(file: &Path) -> Outcome<()> {
    let info: ConnectionInfo = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(serve(&info));
    runtime.shutdown_background();
    outcome
}

async fn serve(info: &ConnectionInfo) -> Outcome<()> {
    let session = format!("indicial-{}", std::process::id());
    let iopub = Arc::new(Mutex::new(create_kernel_iopub_connection(info, &session).await?));
    let shell = create_kernel_shell_connection(info, &session).await?;
    let control = create_kernel_control_connection(info, &session).await?;
    // Nothing is asked of the user, but front ends connect to it.
    let _stdin = create_kernel_stdin_connection(info, &session).await?;
    let mut heart = create_kernel_heartbeat_connection(info).await?;
    let interrupt = Arc::new(Notify::new());
    let kernel =
        Kernel { iopub: iopub.clone(), interrupt: interrupt.clone(), state: State::default(), worker: Worker::start()?, cells: Vec::new() };
    tokio::select! {
        outcome = kernel.shell(shell) => outcome,
        outcome = command(control, iopub, interrupt) => outcome,
        () = async { loop { if heart.single_heartbeat().await.is_err() { sleep(LONG).await; } } } => Ok(()),
        () = orphaned() => Ok(()),
    }
}

/// Ends when the process that started this one has.
async fn orphaned() {
    #[cfg(unix)]
    {
        let parent = std::os::unix::process::parent_id();
        while std::os::unix::process::parent_id() == parent {
            sleep(LONG).await;
        }
    }
    #[cfg(not(unix))]
    std::future::pending::<()>().await
}

/// What cannot be read as a message is said on standard error and passed over.
fn passed_over(error: &RuntimeError) {
    eprintln!("a message was passed over: {error}");
}

/// The control channel: it answers while a cell runs.
async fn command(mut control: KernelControlConnection, iopub: Arc<Mutex<KernelIoPubConnection>>, interrupt: Arc<Notify>) -> Outcome<()> {
    loop {
        let request = match control.read().await {
            Ok(request) => request,
            Err(error) => {
                passed_over(&error);
                continue;
            }
        };
        let say = async |status: Status| iopub.lock().await.send(status.as_child_of(&request)).await;
        say(Status::busy()).await?;
        match &request.content {
            JupyterMessageContent::KernelInfoRequest(_) => control.send(kernel_info().as_child_of(&request)).await?,
            JupyterMessageContent::InterruptRequest(_) => {
                interrupt.notify_waiters();
                control.send(InterruptReply::new().as_child_of(&request)).await?;
            }
            JupyterMessageContent::ShutdownRequest(shutdown) => {
                let reply = ShutdownReply { restart: shutdown.restart, status: ReplyStatus::Ok, error: None };
                control.send(reply.as_child_of(&request)).await?;
                say(Status::idle()).await?;
                // What was sent has to leave the process.
                sleep(Duration::from_millis(20)).await;
                return Ok(());
            }
            other => eprintln!("no answer on the control channel to {}", other.message_type()),
        }
        say(Status::idle()).await?;
    }
}

struct Kernel {
    iopub: Arc<Mutex<KernelIoPubConnection>>,
    interrupt: Arc<Notify>,
    state: State,
    worker: Worker,
    /// Every cell that was run, for the history and its numbers.
    cells: Vec<String>,
}

impl Kernel {
    /// The shell channel: one request after the other. Cells that came before the reply to one that failed are not run.
    async fn shell(mut self, mut shell: KernelShellConnection) -> Outcome<()> {
        loop {
            match shell.read().await {
                Ok(request) => {
                    for behind in self.answer(&mut shell, &request).await? {
                        match &behind.content {
                            JupyterMessageContent::ExecuteRequest(_) => self.abort(&mut shell, &behind).await?,
                            // Nothing else fails.
                            _ => drop(self.answer(&mut shell, &behind).await?),
                        }
                    }
                }
                Err(error) => passed_over(&error),
            }
        }
    }

    async fn abort(&mut self, shell: &mut KernelShellConnection, request: &JupyterMessage) -> Outcome<()> {
        let reply = ExecuteReply { status: ReplyStatus::Aborted, execution_count: self.count(), ..ExecuteReply::default() };
        self.say(Status::busy().as_child_of(request)).await?;
        shell.send(reply.as_child_of(request)).await?;
        self.say(Status::idle().as_child_of(request)).await
    }

    /// Sends the reply to a request, and returns those that came before it, if they are not to be run.
    async fn answer(&mut self, shell: &mut KernelShellConnection, request: &JupyterMessage) -> Outcome<Vec<JupyterMessage>> {
        self.say(Status::busy().as_child_of(request)).await?;
        let mut behind = Vec::new();
        let reply = match &request.content {
            JupyterMessageContent::KernelInfoRequest(_) => Some(kernel_info().as_child_of(request)),
            JupyterMessageContent::ExecuteRequest(execute) => {
                let reply = self.execute(execute, request).await?;
                if reply.error.is_some() && execute.stop_on_error {
                    behind = waiting(shell).await;
                }
                Some(reply.as_child_of(request))
            }
            JupyterMessageContent::CompleteRequest(r) => Some(completion(&self.state, &r.code, r.cursor_pos).as_child_of(request)),
            JupyterMessageContent::InspectRequest(r) => Some(inspection(&self.state, &r.code, r.cursor_pos).as_child_of(request)),
            JupyterMessageContent::IsCompleteRequest(r) => Some(completeness(&r.code).as_child_of(request)),
            JupyterMessageContent::HistoryRequest(r) => Some(history(&self.cells, r).as_child_of(request)),
            JupyterMessageContent::CommInfoRequest(_) => Some(CommInfoReply::default().as_child_of(request)),
            other => {
                eprintln!("no answer on the shell channel to {}", other.message_type());
                None
            }
        };
        if let Some(reply) = reply {
            shell.send(reply).await?;
        }
        self.say(Status::idle().as_child_of(request)).await?;
        Ok(behind)
    }

    async fn say(&self, message: JupyterMessage) -> Outcome<()> {
        Ok(self.iopub.lock().await.send(message).await?)
    }

    fn count(&self) -> ExecutionCount {
        ExecutionCount::new(self.cells.len())
    }

    /// Runs a cell and sends what it shows.
    async fn execute(&mut self, execute: &ExecuteRequest, request: &JupyterMessage) -> Outcome<ExecuteReply> {
        if !execute.silent && execute.store_history {
            self.cells.push(execute.code.clone());
        }
        if !execute.silent {
            let input = ExecuteInput { code: execute.code.clone(), execution_count: self.count() };
            self.say(input.as_child_of(request)).await?;
        }
        let failure = self.run(&execute.code, request, execute.silent).await?;
        if let Some(failure) = &failure
            && !execute.silent
        {
            self.say(error_output(failure).as_child_of(request)).await?;
        }
        Ok(ExecuteReply {
            status: if failure.is_some() { ReplyStatus::Error } else { ReplyStatus::Ok },
            execution_count: self.count(),
            user_expressions: Some(Default::default()),
            error: failure.as_ref().map(reply_error),
            ..ExecuteReply::default()
        })
    }

    /// Lets the worker run a cell; an interrupt ends the worker, and the state is as before.
    async fn run(&mut self, cell: &str, request: &JupyterMessage, silent: bool) -> Outcome<Option<Failure>> {
        let interrupt = self.interrupt.clone();
        let interrupted = interrupt.notified();
        tokio::pin!(interrupted);
        interrupted.as_mut().enable();
        let begun = Instant::now();
        let mut ticks = interval_at(begun + LONG, LONG);
        let mut waiting: Option<Shown> = None;
        if self.worker.ask(&self.state, cell).await.is_err() {
            return self.another_worker("the computation ended before it began").await.map(Some);
        }
        let mut is_slow = false;
        let failure = loop {
            tokio::select! {
                said = self.worker.next() => match said {
                    Ok(Said::Shown(shown)) => {
                        if let Some(earlier) = waiting.replace(*shown) {
                            self.show(earlier, request, silent, false).await?;
                        }
                    }
                    Ok(Said::Done { state, failure }) => {
                        self.state = state;
                        break failure;
                    }
                    Err(_) => break Some(self.another_worker("the computation ended without an answer").await?),
                },
                () = &mut interrupted => break Some(self.another_worker("interrupted").await?),
                _ = ticks.tick(), if !silent => {
                    is_slow = true;
                    self.progress(&format!("\r{} s", begun.elapsed().as_secs()), request).await?;
                }
            }
        };
        if is_slow {
            self.progress("\n", request).await?;
        }
        if let Some(last) = waiting {
            self.show(last, request, silent, failure.is_none()).await?;
        }
        Ok(failure)
    }

    async fn progress(&self, text: &str, request: &JupyterMessage) -> Outcome<()> {
        self.say(StreamContent::stderr(text).as_child_of(request)).await
    }

    async fn another_worker(&mut self, message: &str) -> Outcome<Failure> {
        // It may have ended by itself.
        let _ = self.worker.end().await;
        self.worker = Worker::start()?;
        Ok(Failure {
            kind: "interrupt".to_owned(),
            message: message.to_owned(),
            drawn: format!("{message}; what was declared and defined before this cell is kept"),
        })
    }

    /// The last output of a cell is its result, those before it are displayed.
    async fn show(&self, shown: Shown, request: &JupyterMessage, silent: bool, is_last: bool) -> Outcome<()> {
        if silent {
            return Ok(());
        }
        let media = media(shown);
        self.say(match is_last {
            true => ExecuteResult::new(self.count(), media).as_child_of(request),
            false => DisplayData::new(media).as_child_of(request),
        })
        .await
    }
}

/// The requests that have come already.
async fn waiting(shell: &mut KernelShellConnection) -> Vec<JupyterMessage> {
    let mut all = Vec::new();
    while let Ok(read) = timeout(Duration::ZERO, shell.read()).await {
        match read {
            Ok(request) => all.push(request),
            Err(error) => passed_over(&error),
        }
    }
    all
}
