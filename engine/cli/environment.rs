//! The environment of the programs of a deployment on AWS: every variable, who needs it, and who
//! sets it. The reference page is generated from this list, and a test compares it with Terraform.

use std::fmt::Write as _;

/// A variable.
#[derive(Debug)]
pub struct Variable {
    pub name: &'static str,
    /// What it holds.
    what: &'static str,
    programs: &'static [&'static str],
    by: By,
}

/// Who sets a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Terraform,
    StateMachine,
}

/// All programs.
const EVERY: &[&str] = &[
    "phase",
    "review",
    "request",
    "answer",
    "reminders",
    "finalize",
    "ended",
    "api",
    "authorize",
    "websocket",
];
/// Programs that send to readers.
const SPEAKERS: &[&str] = &["phase", "review", "answer", "authorize", "websocket"];

pub const TABLE: Variable = Variable {
    name: "TASK_LEDGER_TABLE",
    what: "Name of the DynamoDB table with journals, index, leases, ledgers and callbacks.",
    programs: EVERY,
    by: By::Terraform,
};
pub const METRICS: Variable = Variable {
    name: "METRICS_TABLE",
    what: "Name of the DynamoDB table with the figures of engagements.",
    programs: INSIDERS,
    by: By::Terraform,
};
pub const MEMORY: Variable = Variable {
    name: "MEMORY_TABLE",
    what: "Name of the DynamoDB table with the notes of engagements and the library of patterns.",
    programs: INSIDERS,
    by: By::Terraform,
};
pub const PATTERNS: Variable = Variable {
    name: "PATTERNS_BUCKET",
    what: "Name of the S3 bucket with the files of patterns.",
    programs: INSIDERS,
    by: By::Terraform,
};
pub const BLOBS: Variable = Variable {
    name: "BLOBS_BUCKET",
    what: "Name of the S3 bucket of blobs.",
    programs: EVERY,
    by: By::Terraform,
};
/// All but those that face strangers.
const INSIDERS: &[&str] =
    &["phase", "review", "request", "answer", "reminders", "finalize", "ended", "api"];
pub const SECRETS: Variable = Variable {
    name: "SECRETS_ARN",
    what: "ARN of the secret that holds the crew's secrets: a JSON object with string values. \
           For example, `GIT_GITHUB_COM` holds `user:token` for `github.com`.",
    programs: INSIDERS,
    by: By::Terraform,
};
pub const UPLOADS: Variable = Variable {
    name: "UPLOADS_BUCKET",
    what: "Name of the S3 bucket to which people upload large files.",
    programs: &["api"],
    by: By::Terraform,
};
pub const BEDROCK: Variable = Variable {
    name: "BEDROCK_REGION",
    what: "Default region for Bedrock models.",
    programs: &["phase", "review", "finalize", "answer"],
    by: By::Terraform,
};
pub const SCRATCH: Variable = Variable {
    name: "CLOUDCREW_SCRATCH",
    what: "Folder for temporary clones. Defaults to the system's temporary directory.",
    programs: &["phase"],
    by: By::Terraform,
};
pub const DEFINITION: Variable = Variable {
    name: "DEFINITION",
    what: "Digest of the deployed definitions, which is also their name in the bucket of blobs.",
    programs: &["answer", "api"],
    by: By::Terraform,
};
pub const MACHINES: Variable = Variable {
    name: "STATE_MACHINE_ARNS",
    what: "JSON object that maps each workflow to the ARN of its state machine version.",
    programs: &["answer"],
    by: By::Terraform,
};
pub const GROUP: Variable = Variable {
    name: "SCHEDULE_GROUP",
    what: "Name of the schedule group for deadlines and reminders.",
    programs: &["answer"],
    by: By::Terraform,
};
pub const SCHEDULE_ROLE: Variable = Variable {
    name: "SCHEDULE_ROLE_ARN",
    what: "ARN of the role that schedules assume to invoke functions.",
    programs: &["answer"],
    by: By::Terraform,
};
pub const REMINDERS: Variable = Variable {
    name: "REMINDERS_FUNCTION_ARN",
    what: "ARN of the `reminders` function.",
    programs: &["answer"],
    by: By::Terraform,
};

pub const CONNECTIONS: Variable = Variable {
    name: "CONNECTIONS_TABLE",
    what: "Name of the DynamoDB table of open WebSockets.",
    programs: SPEAKERS,
    by: By::Terraform,
};
pub const CALLBACKS: Variable = Variable {
    name: "WEBSOCKET_CALLBACK_URL",
    what: "URL at which messages are sent to open WebSockets; empty where there are none.",
    programs: SPEAKERS,
    by: By::Terraform,
};
pub const SOCKET: Variable = Variable {
    name: "WEBSOCKET_URL",
    what: "URL at which readers open a WebSocket; empty where there are no live events.",
    programs: &["api"],
    by: By::Terraform,
};
pub const ANSWER: Variable = Variable {
    name: "ANSWER_FUNCTION_ARN",
    what: "ARN of the `answer` function.",
    programs: &["answer", "websocket"],
    by: By::Terraform,
};
pub const NOTIFY: Variable = Variable {
    name: "NOTIFY",
    what: "Digest of the notification settings, which is also their name in the bucket of blobs. \
           If it is empty, nobody is notified.",
    programs: &["answer"],
    by: By::Terraform,
};

/// Variables that `serve` reads too.
const OF_THE_SERVICE: [Variable; 6] = [
    Variable {
        name: "OIDC_ISSUER",
        what: "Issuer URL of the identity provider.",
        programs: &["api", "authorize"],
        by: By::Terraform,
    },
    Variable {
        name: "OIDC_CLIENT_ID",
        what: "Client id of the interface at the identity provider.",
        programs: &["api", "authorize"],
        by: By::Terraform,
    },
    Variable {
        name: "CLOUDCREW_OPERATORS",
        what: "Group of the identity provider whose members may do everything.",
        programs: &["api"],
        by: By::Terraform,
    },
    Variable {
        name: "CLOUDCREW_PUBLIC_URL",
        what: "URL of the HTTP interface.",
        programs: &["api", "authorize"],
        by: By::Terraform,
    },
    Variable {
        name: "CLOUDCREW_REPO_HOST",
        what: "Git hosts whose repositories callers may name, separated by commas.",
        programs: &["api"],
        by: By::Terraform,
    },
    Variable {
        name: "PROJECT_REPO_URL",
        what: "Repository URL for engagements that do not name one; `{customer}` is replaced by \
               the `customer` of the request.",
        programs: &["api"],
        by: By::Terraform,
    },
];

/// Variables of one phase.
const OF_A_PHASE: [Variable; 4] = [
    Variable {
        name: "PROJECT_ID",
        what: "Id of the engagement.",
        programs: &["phase"],
        by: By::StateMachine,
    },
    Variable {
        name: "PHASE",
        what: "Name of the phase.",
        programs: &["phase"],
        by: By::StateMachine,
    },
    Variable {
        name: "STATE_ENTERED",
        what: "Time at which the state machine entered the phase's state.",
        programs: &["phase"],
        by: By::StateMachine,
    },
    Variable {
        name: "TASK_TOKEN",
        what: "Callback id to report the outcome with. It is never shown or logged.",
        programs: &["phase"],
        by: By::StateMachine,
    },
];

/// The reference page.
pub fn page() -> String {
    let mut page = "# Environment on AWS\n\n\
         Environment variables that the programs of a [deployment on AWS](../aws.md) read.\n\n\
         Generated by `cloudcrew schema --write` from `engine/cli/environment.rs`.\n\n\
         | Variable | Programs | Set by | Holds |\n|---|---|---|---|\n"
        .to_owned();
    let learned = [METRICS, MEMORY, PATTERNS];
    let stores = [TABLE, BLOBS, UPLOADS, SECRETS, BEDROCK, SCRATCH, DEFINITION, MACHINES, GROUP];
    let schedules = [SCHEDULE_ROLE, REMINDERS, ANSWER, NOTIFY];
    let readers = [CONNECTIONS, CALLBACKS, SOCKET];
    let all = stores
        .into_iter()
        .chain(learned)
        .chain(schedules)
        .chain(readers)
        .chain(OF_THE_SERVICE)
        .chain(OF_A_PHASE);
    for Variable { name, what, programs, by } in all {
        let programs = if programs == EVERY { "all".to_owned() } else { programs.join(", ") };
        let by = match by {
            By::Terraform => "Terraform",
            By::StateMachine => "state machine",
        };
        let _ = writeln!(page, "| `{name}` | {programs} | {by} | {what} |");
    }
    page
}
