//! French.

use super::language::{Grammar, Language};

#[rustfmt::skip]
pub(super) const WORDS: Language = Language {
    sections: [
        &[
            "le but",
            "objectifs", "objectif", "l'objectif", "buts", "finalité", "finalités",
            "ce que nous voulons", "résultats attendus", "pourquoi", "enjeux",
        ],
        &[
            "permissions", "droits",
            "travaux à réaliser", "tâches", "travaux demandés",
            "exigences", "exigence", "besoins", "besoin", "périmètre", "spécifications",
            "fonctionnalités", "fonctionnalité", "ce dont nous avons besoin", "inclus",
            "dans le périmètre", "prestations", "portée", "étendue", "cas d'utilisation",
            "cas d'usage", "étendue des travaux", "portée des travaux", "obligations",
        ],
        &[
            "contraintes", "contrainte", "limites",
            "hors périmètre", "hors du périmètre", "exclus", "non inclus",
            "hors champ", "hors portée", "ne sont pas inclus",
        ],
        &[
            "à livrer", "documents à fournir",
            "livrables", "livrable", "fournitures", "ce que nous recevrons",
            "éléments à livrer", "produits livrés",
        ],
        &[
            "critères de validation", "tests d'acceptation",
            "critères d'acceptation", "critères de réception", "critères de recette",
            "critères de réussite", "critères de succès", "recette", "acceptation", "réception",
            "conditions d'acceptation", "définition de terminé",
        ],
        &[
            "étapes", "phases du projet", "date de livraison",
            "calendrier", "échéancier", "échéances", "échéance", "délais", "délai", "planning",
            "jalons", "jalon", "dates clés", "durée", "planification", "quand",
        ],
    ],
    asides: &[
        "contexte", "introduction", "résumé", "situation actuelle", "budget", "prix", "coûts",
        "coût", "modalités de paiement", "échéancier de paiement",
        "calendrier de paiement", "contacts", "contact", "risques", "hypothèses", "glossaire",
        "annexe", "annexes", "références", "remarques", "questions", "prochaines étapes",
        "signatures", "pénalités", "responsabilité", "exigences de l'offre",
        "consignes aux soumissionnaires", "critères d'attribution", "critères de sélection",
        "date limite de soumission",
    ],
    topics: &[
        "paiement", "paiements",
        "maintenance", "rôles", "garantie", "équipe", "dépendances", "présentation", "existant",
    ],
    qualifiers: &[
        "les", "le", "la", "l", "nos", "vos", "notre", "votre", "principaux", "principales",
        "autres", "grands", "grandes", "non", "tous", "toutes",
    ],
    followers: &["de", "du", "des", "d", "pour", "en", "à", "au", "aux", "sur", "par"],
    trailers: &[
        "fonctionnelles", "fonctionnels", "techniques", "générales", "généraux", "projet",
        "métier", "prévisionnel", "attendus", "attendues", "principaux", "principales",
    ],
    obligations: &[
        "doit", "doivent", "devra", "devront", "devrait", "devraient", "il faut",
        "est obligatoire", "sont obligatoires", "est requis", "sont requis", "est requise",
        "sont requises", "ne peut pas", "ne peuvent pas", "est tenu", "sont tenus",
    ],
    turning: &[
        "pas", "jamais", "sans", "aucun", "aucune", "sauf", "exclus", "exclusions", "hors",
        "optionnel", "optionnels", "optionnelles", "facultatif", "souhaitable", "souhaitables",
        "plus tard", "devrait", "pourrait",
    ],
    grammar: Grammar::After,
};
