//! English.

use super::language::{Grammar, Language};

#[rustfmt::skip]
pub(super) const WORDS: Language = Language {
    sections: [
        &[
            "objectives", "objective", "goals", "goal", "aims", "aim", "purpose", "why",
            "what we want to achieve", "what we want", "outcomes", "desired outcome",
            "expected outcome", "expected results", "vision",
        ],
        &[
            "should", "could", "activities", "work to be performed", "services required", "responsibilities", "contractor responsibilities", "work packages", "integrations", "interfaces", "services",
            "requirements", "requirement", "what we need", "we need", "need", "what is needed",
            "must have", "must haves", "should have", "should haves", "could have", "could haves",
            "nice to have", "nice to haves", "needs", "must", "shall", "features",
            "functionality", "functionalities", "capabilities", "scope", "scope of work",
            "scope of services", "in scope", "inclusions", "user stories", "use cases", "tasks",
            "specifications", "obligations", "functional specification",
        ],
        &[
            "non requirements", "excluded",
            "constraints", "constraint", "limitations", "limits", "restrictions", "boundaries",
            "guardrails", "must not", "must nots", "must not have", "must never", "out of scope",
            "not in scope", "scope exclusions", "exclusions", "not included", "what is excluded",
            "wont have", "wont haves", "will not have", "non goals", "non goal",
            "excluded from scope",
        ],
        &[
            "handover",
            "deliverables", "deliverable", "outputs", "what you will deliver", "what you deliver",
            "what will be delivered", "what we will deliver", "what we will get", "what we get",
            "what we will receive", "work products", "items to be delivered",
        ],
        &[
            "project completion", "completion", "dod",
            "acceptance criteria", "acceptance criterion", "acceptance", "acceptance tests",
            "acceptance testing", "success criteria", "success measures", "success metrics",
            "measures of success", "definition of done", "definition of success",
            "how we will accept", "how we accept", "how we will know",
            "how we will measure success", "done when", "exit criteria", "completion criteria",
            "what done means",
        ],
        &[
            "phases", "eta", "delivery date", "go live",
            "timeline", "timelines", "timescale", "timescales", "timeframe", "time frame",
            "schedule", "milestones", "milestone", "dates", "deadline", "deadlines", "when",
            "by when", "period of performance", "project plan", "roadmap", "key dates",
        ],
    ],
    asides: &[
        "background", "context", "introduction", "overview", "summary", "about", "budget",
        "price", "pricing", "cost", "costs", "payment", "payments", "payment terms",
        "payment schedule", "payment milestones", "schedule of fees", "fees", "contact",
        "contacts", "stakeholders", "risks", "assumptions", "glossary", "appendix", "annex",
        "references", "notes", "questions", "next steps", "signatures", "current situation",
        "current state", "status quo", "as is", "penalties", "liability", "limitation of liability", "limitations of liability",
        // Instructions to those who make an offer are not part of the work.
        "proposal requirements", "requirements for proposals", "submission requirements",
        "bid requirements", "bidder requirements", "tender requirements",
        "response requirements", "offer requirements",
        "eligibility requirements", "submission deadline", "submission deadlines",
        "proposal deadline", "proposal schedule", "tender schedule", "bid schedule",
        "procurement schedule", "procurement timeline", "submission instructions",
        "instructions to bidders", "instructions to offerors", "instructions to tenderers",
        "proposal instructions", "how to respond", "how to apply", "evaluation criteria",
        "selection criteria", "award criteria", "qualification requirements",
        "vendor qualifications",
    ],
    topics: &[
        
        "roles", "communication", "governance", "terms", "conditions", "warranty",
        "change control", "change management", "change requests", "approvals", "approval",
        "sign off", "confidentiality", "support", "maintenance", "team", "existing systems",
        "existing system", "dependencies", "definitions",
    ],
    qualifiers: &[
        "a", "the", "our", "your", "all", "key", "main", "core", "other", "additional", "general",
        "specific", "detailed", "overall", "high", "level", "functional", "non", "nonfunctional",
        "technical", "business", "project", "product", "system", "software", "solution",
        "service", "user", "customer", "client", "security", "performance", "data",
        "operational", "quality", "legal", "regulatory", "minimum", "expected", "desired",
        "target", "important", "delivery", "final", "primary", "known", "budget", "design",
        "integration", "reporting", "strategic", "hard", "section", "proposed", "executive", "we",
        "open", "mandatory", "essential", "what", "not", "dont", "platform", "application",
    ],
    followers: &[
        "of", "for", "in", "to", "we", "from", "by", "on", "at", "that", "the", "you", "with",
        "per", "this", "our", "it", "is", "are", "do", "be", "within", "during", "as",
    ],
    trailers: &[
        "summary", "overview", "list", "matrix", "table", "section", "details", "detail",
        "description", "descriptions", "statement", "statements", "items", "item", "breakdown",
        "activities", "services", "work", "addressed", "covered", "included", "considered",
        "identified", "specification", "specifications", "document", "register", "catalogue",
        "catalog", "definition", "highlights", "notes", "below", "checklist", "plan", "outline",
        "areas", "elements", "features", "functions", "tasks", "components", "draft", "baseline",
        "met", "fulfilled",
    ],
    obligations: &[
        "must", "shall", "should", "has to", "have to", "needs to", "need to", "is required",
        "are required", "required to", "may not", "is to be", "are to be", "cannot",
        "is mandatory", "are mandatory", "the system will", "the solution will",
        "the platform will", "the application will", "the contractor will", "the vendor will",
        "the supplier will", "the provider will",
    ],
    turning: &[
        "not", "never", "no", "without", "dont", "wont", "cannot", "cant", "exclude", "excludes",
        "excluded", "excluding", "exclusions", "except", "unless", "should", "could", "nice",
        "optional", "optionally", "later", "future", "out of scope", "non goals", "non goal",
    ],
    grammar: Grammar::Before,
};
