//! The toolbox: the tools of a crew.

use std::sync::{Arc, LazyLock, OnceLock};

use cloudcrew_definition::catalogue::ToolInfo;
use cloudcrew_definition::crew::Server;
use cloudcrew_definition::schema::Arguments;
use cloudcrew_ports::model::ToolSpec;
use cloudcrew_ports::secret::redact;
use serde_json::Value;

use super::outcome::{Outcome, ToolError};
use super::server_tool::Remote;
use super::tool::Tool;
use super::workplace::Workplace;
use super::{
    answer_remark, ask_customer, aws_provider_docs, aws_service_lookup, board_write,
    contribute_pattern, design_pipeline, design_schema, estimate_cost, format_customer_update,
    generate_diagram, knowledge_search, ledger_read, ledger_settle, ledger_write, parse_sow,
    phase_summary, promote_pattern, remember, repo_delete, repo_diff, repo_edit, repo_history,
    repo_list, repo_move, repo_read, repo_search, repo_write, review_iam_policy, review_verdict,
    run_command, scan_code, scan_dependencies, scan_infrastructure, scan_secrets,
    score_deliverable, search_memory, search_patterns, terraform_fmt, terraform_plan,
    terraform_validate, use_pattern, validate_asl, validate_sql, write_adr, write_security_review,
};

/// Tools by name.
#[derive(Clone, Default)]
pub struct Toolbox(Vec<Arc<Registered>>, Vec<String>);

/// A registered tool, with its declarations.
pub struct Registered {
    /// Its declaration for definitions.
    pub info: ToolInfo,
    /// Its declaration for models.
    pub spec: ToolSpec,
    /// The tool itself. Private, so that every call is redacted.
    tool: Box<dyn Tool>,
    /// Its argument schema, compiled at the first call.
    arguments: OnceLock<Option<Arguments>>,
}

impl Registered {
    /// Calls the tool. Secrets in what it says are replaced: it may have read them anywhere.
    ///
    /// # Errors
    /// As [`Tool::call`].
    pub async fn call(&self, at: &dyn Workplace, input: Value) -> Result<Outcome, ToolError> {
        match self.tool.call(at, input).await {
            Ok(Outcome::Done(mut text, done)) => {
                redact(&mut text);
                Ok(Outcome::Done(text, done))
            }
            Err(ToolError::Refused(mut why)) => {
                redact(&mut why);
                Err(ToolError::Refused(why))
            }
            Ok(Outcome::Asks { name, mut question, mut form }) => {
                redact(&mut question);
                let parts = form
                    .parts
                    .iter_mut()
                    .flat_map(|part| std::iter::once(&mut part.question).chain(&mut part.choices));
                form.choices.iter_mut().chain(parts).for_each(redact);
                Ok(Outcome::Asks { name, question, form })
            }
            other => other,
        }
    }

    /// Says why arguments do not match the tool's schema, for the model; `None` when they match.
    pub fn mismatch(&self, input: &Value) -> Option<String> {
        let arguments = self.arguments.get_or_init(|| Arguments::of(&self.info.schema));
        arguments.as_ref()?.misfit(input)
    }
}

impl Toolbox {
    /// The tools that come with the engine. All engagements of a process share them, with their
    /// schemas.
    pub fn built_in() -> Toolbox {
        static BUILT_IN: LazyLock<Toolbox> = LazyLock::new(Toolbox::build);
        BUILT_IN.clone()
    }

    fn build() -> Toolbox {
        let mut toolbox = Toolbox::default();
        toolbox.add(parse_sow::ParseSow);
        toolbox.add(repo_read::RepoRead);
        toolbox.add(repo_list::RepoList);
        toolbox.add(repo_search::RepoSearch);
        toolbox.add(knowledge_search::KnowledgeSearch);
        toolbox.add(repo_history::RepoHistory);
        toolbox.add(repo_diff::RepoDiff);
        toolbox.add(repo_write::RepoWrite);
        toolbox.add(repo_edit::RepoEdit);
        toolbox.add(repo_move::RepoMove);
        toolbox.add(repo_delete::RepoDelete);
        toolbox.add(ledger_read::LedgerRead);
        toolbox.add(ledger_write::LedgerWrite);
        toolbox.add(ledger_settle::LedgerSettle);
        toolbox.add(remember::Remember);
        toolbox.add(search_memory::SearchMemory);
        toolbox.add(validate_sql::ValidateSql);
        toolbox.add(validate_asl::ValidateAsl);
        toolbox.add(review_iam_policy::ReviewIamPolicy);
        toolbox.add(run_command::RunCommand);
        toolbox.add(terraform_fmt::TerraformFmt);
        toolbox.add(terraform_validate::TerraformValidate);
        toolbox.add(scan_infrastructure::ScanInfrastructure);
        toolbox.add(scan_code::ScanCode);
        toolbox.add(scan_secrets::ScanSecrets);
        toolbox.add(scan_dependencies::ScanDependencies);
        toolbox.add(terraform_plan::TerraformPlan);
        toolbox.add(aws_service_lookup::AwsServiceLookup);
        toolbox.add(aws_provider_docs::AwsProviderDocs);
        toolbox.add(estimate_cost::EstimateCost);
        toolbox.add(design_schema::DesignSchema);
        toolbox.add(design_pipeline::DesignPipeline);
        toolbox.add(generate_diagram::GenerateDiagram);
        toolbox.add(board_write::BoardWrite);
        toolbox.add(format_customer_update::FormatCustomerUpdate);
        toolbox.add(ask_customer::AskCustomer);
        toolbox.add(write_adr::WriteAdr);
        toolbox.add(write_security_review::WriteSecurityReview);
        toolbox.add(phase_summary::PhaseSummary);
        toolbox.add(review_verdict::ReviewVerdict);
        toolbox.add(search_patterns::SearchPatterns);
        toolbox.add(use_pattern::UsePattern);
        toolbox.add(contribute_pattern::ContributePattern);
        toolbox.add(promote_pattern::PromotePattern);
        toolbox.add(score_deliverable::ScoreDeliverable);
        toolbox.add_granted(answer_remark::AnswerRemark);
        toolbox
    }

    /// Adds a tool that the engine grants where it is needed, so that no definition names it.
    fn add_granted(&mut self, tool: impl Tool + 'static) {
        let name = tool.info().name;
        self.add(tool);
        self.1.push(name);
    }

    /// Adds a tool, replacing any tool with the same name.
    pub fn add(&mut self, tool: impl Tool + 'static) {
        let info = tool.info();
        let ToolInfo { name, description, schema, .. } = info.clone();
        let spec = ToolSpec { name, description, schema: schema.into() };
        self.0.retain(|there| there.info.name != info.name);
        let arguments = OnceLock::new();
        self.0.push(Arc::new(Registered { info, spec, tool: Box::new(tool), arguments }));
    }

    /// Adds the tools of MCP servers that an engagement pinned.
    #[must_use]
    pub fn with_servers(mut self, servers: &[Server]) -> Toolbox {
        for server in servers {
            server.tools.iter().for_each(|tool| self.add(Remote::new(server, tool)));
        }
        self
    }

    /// A tool by name.
    pub fn find(&self, name: &str) -> Option<&Arc<Registered>> {
        self.0.iter().find(|tool| tool.info.name == name)
    }

    /// All tools that definitions can grant.
    pub fn infos(&self) -> Vec<ToolInfo> {
        let named = self.0.iter().filter(|tool| !self.1.contains(&tool.info.name));
        named.map(|tool| tool.info.clone()).collect()
    }
}

#[cfg(test)]
#[path = "toolbox_tests.rs"]
mod tests;
