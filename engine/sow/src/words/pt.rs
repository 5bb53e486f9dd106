//! Portuguese.

use super::language::{Grammar, Language};

#[rustfmt::skip]
pub(super) const WORDS: Language = Language {
    sections: [
        &[
            "objeto",
            "objetivos", "objetivo", "objectivos", "objectivo", "metas", "propósito",
            "finalidade", "o que queremos", "resultados esperados",
        ],
        &[
            "permissões", "acessos", "responsabilidades", "regras",
            "atividades", "regras de negócio", "histórias de usuário", "tarefas",
            "requisitos", "requisito", "exigências", "necessidades", "âmbito", "escopo",
            "escopo do trabalho", "âmbito do trabalho", "funcionalidades",
            "o que precisamos", "precisamos", "incluído", "inclusões", "dentro do escopo",
            "casos de uso", "especificações", "obrigações",
        ],
        &[
            "restrições", "restrição", "limitações", "limites", "fora do escopo", "fora de escopo",
            "fora do âmbito", "exclusões", "excluído", "não incluído", "não incluídos",
            "não inclui", "condicionantes",
        ],
        &[
            "entregáveis", "entregável", "entregas", "produtos a entregar", "o que receberemos",
            "produtos",
        ],
        &[
            "definição de pronto",
            "critérios de aceitação", "critérios de aceite", "critérios de sucesso", "aceitação",
            "aceite", "testes de aceitação", "condições de aceitação",
        ],
        &[
            "etapas", "fases", "data de entrega",
            "cronograma", "calendário", "prazos", "prazo", "marcos", "datas",
            "datas importantes", "planeamento", "planejamento", "prazo de execução", "duração",
            "quando",
        ],
    ],
    asides: &[
        "antecedentes", "contexto", "introdução", "resumo", "situação atual", "orçamento",
        "preço", "preços", "custos", "condições de pagamento",
        "cronograma de pagamento", "contato", "contatos", "contacto", "contactos", "riscos",
        "premissas", "pressupostos", "glossário", "anexo", "anexos", "referências", "notas",
        "perguntas", "próximos passos", "assinaturas", "penalidades", "multas",
        "requisitos da proposta", "critérios de avaliação", "critérios de adjudicação",
        "prazo de submissão",
    ],
    topics: &[
        "pagamento", "pagamentos",
        "manutenção", "suporte", "papéis", "garantia", "equipa", "equipe", "dependências",
        "apresentação",
    ],
    qualifiers: &[
        "os", "as", "o", "nossos", "nossas", "principais", "outros", "outras", "não", "todos",
    ],
    followers: &["de", "do", "da", "dos", "das", "para", "em", "no", "na", "com", "por"],
    trailers: &[
        "funcionais", "técnicos", "técnicas", "gerais", "projeto", "projecto", "específicos",
        "mínimos", "previsto", "prevista", "principais",
    ],
    obligations: &[
        "deve", "devem", "deverá", "deverão", "deveria", "deveriam", "tem de", "têm de",
        "tem que", "têm que", "precisa", "precisam", "é obrigatório", "é necessário",
        "são obrigatórios", "não pode", "não podem", "não poderá",
    ],
    turning: &[
        "não", "nunca", "sem", "nenhum", "nenhuma", "exceto", "salvo", "excluído", "exclusões",
        "fora", "opcional", "opcionais", "desejável", "desejáveis", "mais tarde", "deveria",
        "poderia",
    ],
    grammar: Grammar::After,
};
