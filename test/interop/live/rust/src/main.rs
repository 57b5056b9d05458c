//! The driver of crate faktory; what it is told and what it says: ../driver.ts.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::io::{read_to_string, stdin, Error as IoError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use faktory::{Client, Job, Worker, WorkerId};
use serde_json::{from_value, json, Value};

type Outcome = Result<(), Box<dyn Error>>;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let outcome = runtime.block_on(async {
        match std::env::args().nth(1).as_deref() {
            Some("work") => work().await,
            _ => push().await,
        }
    });
    if let Err(error) = outcome {
        eprintln!("{error:?}");
        std::process::exit(1);
    }
}

fn say(event: Value) {
    println!("{event}");
}

async fn push() -> Outcome {
    let order: Value = serde_json::from_str(&read_to_string(stdin())?)?;
    let jobs: Vec<Job> = order["jobs"]
        .as_array()
        .ok_or("no jobs")?
        .iter()
        .map(job)
        .collect::<Result<_, _>>()?;
    let mut client = Client::connect().await?;
    if order["bulk"] == true {
        let (_, refused) = client.enqueue_many(jobs.clone()).await?;
        let refused = refused.unwrap_or_else(HashMap::new);
        for job in jobs {
            let jid: &str = job.id();
            match refused.get(jid) {
                Some(reason) => say(json!({ "event": "refused", "jid": jid, "reason": reason })),
                None => say(json!({ "event": "pushed", "jid": jid })),
            }
        }
        return Ok(());
    }
    for job in jobs {
        let jid = job.id().to_string();
        match client.enqueue(job).await {
            Ok(()) => say(json!({ "event": "pushed", "jid": jid })),
            Err(error) => {
                say(json!({ "event": "refused", "jid": jid, "reason": error.to_string() }))
            }
        }
    }
    Ok(())
}

/// The job as a user of the builder would make it, with its defaults where the order has nothing.
fn job(order: &Value) -> Result<Job, Box<dyn Error>> {
    let text = |key: &str| order[key].as_str();
    let args: Vec<Value> = from_value(order["args"].clone())?;
    let mut builder = Job::builder(text("jobtype").ok_or("no jobtype")?);
    builder.jid(faktory::JobId::new(text("jid").ok_or("no jid")?));
    builder.args(args);
    if let Some(queue) = text("queue") {
        builder.queue(queue);
    }
    if let Some(priority) = order["priority"].as_u64() {
        builder.priority(u8::try_from(priority)?);
    }
    if let Some(retry) = order["retry"].as_i64() {
        builder.retry(isize::try_from(retry)?);
    }
    if let Some(seconds) = order["reserve_for"].as_u64() {
        builder.reserve_for(Duration::from_secs(seconds));
    }
    let mut job = builder.build();
    if text("at").is_some() {
        job.at = from_value(order["at"].clone())?;
    }
    Ok(job)
}

async fn work() -> Outcome {
    let failed_once = Arc::new(Mutex::new(HashSet::new()));
    let mut worker = Worker::builder()
        .wid(WorkerId::new(std::env::var("DRIVER_WID")?))
        .workers(std::env::var("DRIVER_CONCURRENCY")?.parse()?)
        .register_fn("Ok", |job| async move {
            ran(&job);
            Ok::<(), IoError>(())
        })
        .register_fn("Fail", |job| async move {
            ran(&job);
            Err(IoError::other("boom"))
        })
        .register_fn("FailOnce", move |job| {
            let failed_once = Arc::clone(&failed_once);
            async move {
                ran(&job);
                if failed_once
                    .lock()
                    .expect("no panic before")
                    .insert(job.id().to_string())
                {
                    return Err(IoError::other("not yet"));
                }
                Ok(())
            }
        })
        .register_fn("Sleep", |job| async move {
            ran(&job);
            let seconds = job.args()[0]
                .as_f64()
                .ok_or_else(|| IoError::other("not a number"))?;
            tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
            say(json!({ "event": "done", "jid": job.id().as_str() }));
            Ok(())
        })
        .connect()
        .await?;
    say(json!({ "event": "ready" }));
    let queues = std::env::var("DRIVER_QUEUES")?;
    let queues: Vec<&str> = queues.split(' ').collect();
    worker.run(&queues).await?;
    Ok(())
}

fn ran(job: &Job) {
    say(json!({
        "event": "ran",
        "jid": job.id().as_str(),
        "jobtype": job.kind(),
        "args": job.args(),
    }));
}
