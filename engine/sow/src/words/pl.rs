//! Polish.

use super::language::{Grammar, Language};

#[rustfmt::skip]
pub(super) const WORDS: Language = Language {
    sections: [
        &[
            "cele", "cel", "cele projektu", "czego chcemy", "oczekiwane rezultaty",
            "oczekiwane wyniki", "dlaczego",
        ],
        &[
            "przedmiot zamówienia", "opis przedmiotu zamówienia", "historyjki użytkownika",
            "wymagania", "wymaganie", "wymogi", "potrzeby", "zakres", "zakres prac",
            "zakres projektu", "funkcjonalności", "funkcje", "czego potrzebujemy",
            "w zakresie", "przypadki użycia", "specyfikacja", "obowiązki", "zadania",
        ],
        &[
            "ograniczenia", "ograniczenie", "poza zakresem", "wyłączenia", "wykluczenia",
            "nie obejmuje", "zakres nie obejmuje", "nie wchodzi w zakres", "warunki brzegowe",
        ],
        &[
            "do dostarczenia",
            "produkty", "rezultaty", "produkty dostarczane", "co otrzymamy", "dostawy",
            "elementy dostawy", "produkty prac", "przedmiot dostawy",
        ],
        &[
            "kryteria akceptacji", "kryteria odbioru", "kryteria sukcesu", "odbiór", "akceptacja",
            "warunki odbioru", "testy akceptacyjne",
        ],
        &[
            "etapy",
            "harmonogram", "terminy", "termin", "kamienie milowe", "kamień milowy",
            "plan projektu", "daty", "czas trwania", "termin realizacji", "kiedy",
        ],
    ],
    asides: &[
        "tło", "kontekst", "wprowadzenie", "wstęp", "podsumowanie", "stan obecny",
        "obecna sytuacja", "budżet", "cena", "ceny", "koszty", "warunki płatności",
        "harmonogram płatności", "kontakt", "kontakty", "ryzyka",
        "założenia", "słownik", "załącznik", "załączniki", "uwagi", "pytania", "kolejne kroki",
        "podpisy", "kary", "kary umowne", "wymagania wobec oferty",
        "wymagania wobec wykonawców", "kryteria oceny", "termin składania ofert",
    ],
    topics: &[
        "płatność", "płatności",
        "utrzymanie", "role", "gwarancja", "zespół", "zależności",
    ],
    qualifiers: &["nasze", "główne", "kluczowe", "pozostałe", "inne", "ogólne", "szczegółowe"],
    followers: &["dla", "do", "na", "w", "z", "po", "od"],
    trailers: &[
        "funkcjonalne", "niefunkcjonalne", "techniczne", "biznesowe", "ogólne", "szczegółowe",
        "projektu", "systemu", "prac", "zamówienia",
    ],
    obligations: &[
        "musi", "muszą", "powinien", "powinna", "powinno", "powinny", "powinni", "należy",
        "ma obowiązek", "jest wymagane", "jest wymagana", "są wymagane", "nie może", "nie mogą",
        "wymagane jest", "zobowiązany",
    ],
    turning: &[
        "nie", "nigdy", "bez", "żaden", "żadne", "oprócz", "z wyjątkiem", "wyłączenia",
        "wykluczenia", "poza", "opcjonalnie", "opcjonalne", "później", "mile widziane",
    ],
    grammar: Grammar::After,
};
