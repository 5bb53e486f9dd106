//! Italian.

use super::language::{Grammar, Language};

#[rustfmt::skip]
pub(super) const WORDS: Language = Language {
    sections: [
        &[
            "oggetto", "oggetto della fornitura",
            "obiettivi", "obiettivo", "finalità", "scopo", "scopi", "cosa vogliamo",
            "risultati attesi", "perché",
        ],
        &[
            "permessi",
            "attività", "funzioni",
            "requisiti", "requisito", "esigenze", "fabbisogni", "ambito", "perimetro",
            "ambito dei lavori", "funzionalità", "di cosa abbiamo bisogno", "incluso",
            "inclusioni", "casi d'uso", "specifiche", "prestazioni richieste", "obblighi",
        ],
        &[
            "non è richiesto", "non è incluso",
            "vincoli", "vincolo", "limitazioni", "limiti", "restrizioni", "fuori ambito",
            "fuori dall'ambito", "fuori perimetro", "esclusioni", "escluso", "esclusi",
            "non incluso", "non inclusi", "non compreso",
        ],
        &[
            "deliverable richiesti", "output richiesto", "materiale da consegnare", "elaborati",
            "consegna",
            "consegne", "prodotti da consegnare", "risultati da consegnare",
            "forniture", "cosa riceveremo", "documenti da consegnare", "consegnabili",
        ],
        &[
            "verifica",
            "criteri di accettazione", "criteri di successo", "accettazione", "collaudo",
            "test di accettazione", "criteri di collaudo",
        ],
        &[
            "fasi",
            "tempistiche", "tempistica", "cronoprogramma", "calendario", "scadenze", "scadenza",
            "tempi", "date chiave", "pianificazione", "tappe", "durata",
            "quando",
        ],
    ],
    asides: &[
        "contesto", "premessa", "introduzione", "sintesi", "riepilogo", "situazione attuale",
        "budget", "prezzo", "prezzi", "costi", "condizioni di pagamento", "contatti", "contatto",
        "gruppo di lavoro", "rischi",
        "ipotesi", "glossario", "allegato", "allegati", "riferimenti", "note", "domande",
        "prossimi passi", "firme", "penali", "requisiti dell'offerta", "criteri di valutazione",
        "criteri di aggiudicazione", "termine di presentazione",
    ],
    topics: &[
        "pagamento", "pagamenti",
        "manutenzione", "assistenza", "ruoli", "garanzia", "dipendenze", "presentazione",
    ],
    qualifiers: &["i", "gli", "le", "il", "lo", "nostri", "nostre", "principali", "altri", "non"],
    followers: &["di", "del", "della", "dei", "delle", "per", "in", "con", "da", "dal"],
    trailers: &[
        "funzionali", "tecnici", "tecniche", "generali", "progetto", "specifici", "minimi",
        "previsti", "previste", "principali",
    ],
    obligations: &[
        "deve", "devono", "dovrà", "dovranno", "dovrebbe", "dovrebbero", "è obbligatorio",
        "è necessario", "è richiesto", "è richiesta", "sono richiesti", "sono richieste",
        "non può", "non possono", "non potrà",
    ],
    turning: &[
        "non deve", "non devono", "non incluso", "non inclusi", "non compreso", "mai", "senza",
        "nessun", "nessuna", "eccetto", "salvo", "escluso", "esclusioni",
        "fuori", "opzionale", "opzionali", "facoltativo", "auspicabile", "auspicabili",
        "in seguito", "dovrebbe", "potrebbe",
    ],
    grammar: Grammar::After,
};
