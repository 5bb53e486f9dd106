//! Reads a ConverseStream answer: events in, one complete reply out.

use std::time::Duration;

use aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamOutput as Answer;
use aws_sdk_bedrockruntime::types::{
    ContentBlockDelta, ContentBlockStart, ConverseStreamOutput as Event,
    ReasoningContentBlockDelta, TokenUsage,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloudcrew_ports::model::{Listener, ModelFault, ModelReply, Reasoning, Usage};
use cloudcrew_ports::reply::Assembly;

use super::{fault, guardrail};

/// Reads the stream to its end.
pub async fn read(
    mut answer: Answer,
    silence: Duration,
    listener: &dyn Listener,
) -> Result<ModelReply, ModelFault> {
    let mut reply = Assembly::new(listener);
    let mut stop: Option<String> = None;
    let mut usage = None;
    let mut found = Vec::new();
    loop {
        let event = match tokio::time::timeout(silence, answer.stream.recv()).await {
            // The reply is complete: without the usage report that follows, the call is charged at
            // its upper bound.
            Err(_) if stop.is_some() => break,
            Err(_) => return Err(ModelFault::silent(silence)),
            Ok(Err(_)) if stop.is_some() => break,
            Ok(Err(error)) => return Err(fault::of_event(error)),
            Ok(Ok(None)) => break,
            Ok(Ok(Some(event))) => event,
        };
        match event {
            Event::ContentBlockStart(event) => {
                if let Some(ContentBlockStart::ToolUse(call)) = &event.start {
                    reply.tool(
                        number(event.content_block_index),
                        call.tool_use_id(),
                        call.name(),
                    )?;
                }
            }
            Event::ContentBlockDelta(event) => {
                let block = number(event.content_block_index);
                match event.delta {
                    Some(ContentBlockDelta::Text(text)) => reply.text(block, &text)?,
                    Some(ContentBlockDelta::ToolUse(more)) => reply.input(block, more.input())?,
                    Some(ContentBlockDelta::ReasoningContent(more)) => {
                        reply.thought(block, &thought(more))?
                    }
                    _ => {}
                }
            }
            Event::MessageStop(event) => stop = Some(event.stop_reason.as_str().to_owned()),
            Event::Metadata(event) => {
                usage = event.usage.as_ref().map(reported);
                found = event
                    .trace()
                    .and_then(|trace| trace.guardrail())
                    .map(guardrail::findings)
                    .unwrap_or_default();
            }
            _ => {}
        }
    }
    match stop {
        Some(stop) => Ok(ModelReply { guardrail: found, ..reply.finish(stop, usage) }),
        None => Err(ModelFault {
            usage,
            ..ModelFault::connection("the stream ended before the reply was complete")
        }),
    }
}

fn number(index: i32) -> u32 {
    u32::try_from(index).unwrap_or(0)
}

fn thought(more: ReasoningContentBlockDelta) -> Reasoning {
    match more {
        ReasoningContentBlockDelta::Text(text) => Reasoning { text, ..Reasoning::default() },
        ReasoningContentBlockDelta::Signature(seal) => {
            Reasoning { signature: Some(seal), ..Reasoning::default() }
        }
        ReasoningContentBlockDelta::RedactedContent(bytes) => {
            Reasoning { hidden: Some(STANDARD.encode(bytes.as_ref())), ..Reasoning::default() }
        }
        _ => Reasoning::default(),
    }
}

fn reported(usage: &TokenUsage) -> Usage {
    let count = |n: i32| u64::try_from(n).unwrap_or(0);
    Usage {
        input_tokens: count(usage.input_tokens),
        output_tokens: count(usage.output_tokens),
        cache_read_tokens: count(usage.cache_read_input_tokens.unwrap_or(0)),
        cache_write_tokens: count(usage.cache_write_input_tokens.unwrap_or(0)),
    }
}
