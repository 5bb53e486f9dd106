//! Test results as JUnit XML, for build servers.

use cloudcrew_definition::source::Sources;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::Verdict;

pub fn junit(
    sources: &Sources,
    verdicts: &[Verdict],
) -> Result<String, quick_junit::SerializeError> {
    let mut suite = TestSuite::new("rehearsals");
    for verdict in verdicts {
        let status = if verdict.misses.is_empty() {
            TestCaseStatus::success()
        } else {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let lines: Vec<String> =
                verdict.misses.iter().map(|m| place(sources, m.at) + &m.text).collect();
            status.set_message(lines[0].clone()).set_description(lines.join("\n"));
            status
        };
        let mut case = TestCase::new(verdict.name.as_str(), status);
        case.set_time(verdict.took).set_classname("rehearsals");
        suite.add_test_case(case);
    }
    let mut report = Report::new("cloudcrew test");
    report.add_test_suite(suite);
    report.to_string()
}

/// `rehearsals/NAME.yaml:LINE:COLUMN: `, or nothing if the place is unknown.
pub fn place(sources: &Sources, at: Option<cloudcrew_definition::source::Span>) -> String {
    at.map_or_else(String::new, |span| {
        let (line, column) = sources.position(span.file, span.start);
        format!("{}:{line}:{column}: ", sources.path(span.file))
    })
}
