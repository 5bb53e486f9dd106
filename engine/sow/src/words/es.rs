//! Spanish.

use super::language::{Grammar, Language};

#[rustfmt::skip]
pub(super) const WORDS: Language = Language {
    sections: [
        &[
            "objeto", "objeto del contrato",
            "objetivos", "objetivo", "metas", "propósito", "finalidad",
            "lo que queremos", "resultados esperados", "por qué",
        ],
        &[
            "permisos", "reglas de negocio",
            "prescripciones técnicas", "historias de usuario", "actividades", "tareas",
            "trabajos a realizar",
            "requisitos", "requisito", "requerimientos", "requerimiento", "exigencias",
            "necesidades", "alcance", "alcance del trabajo", "alcance de los trabajos",
            "funcionalidades", "lo que necesitamos", "necesitamos", "incluido", "inclusiones",
            "dentro del alcance", "casos de uso", "especificaciones", "obligaciones",
            "prestaciones",
        ],
        &[
            "restricciones", "restricción", "limitaciones", "límites", "fuera de alcance",
            "fuera del alcance", "exclusiones", "excluido", "excluidos", "no incluido",
            "no incluidos", "no incluye", "condicionantes",
        ],
        &[
            "entregables", "entregable", "entregas", "productos a entregar", "lo que recibiremos",
            "productos entregables",
        ],
        &[
            "criterios de aceptación", "criterios de éxito", "aceptación",
            "pruebas de aceptación", "condiciones de aceptación", "criterios de recepción",
            "definición de terminado",
        ],
        &[
            "fases", "plan de trabajo", "etapas", "fecha de entrega",
            "cronograma", "calendario", "plazos", "plazo", "hitos", "hito", "fechas",
            "fechas clave", "planificación", "plazo de ejecución", "duración", "cuándo",
        ],
    ],
    asides: &[
        "antecedentes", "contexto", "introducción", "resumen", "situación actual",
        "presupuesto", "precio", "precios", "costes", "costos", "condiciones de pago",
        "calendario de pagos", "contacto", "contactos", "riesgos",
        "supuestos", "glosario", "anexo", "anexos", "referencias", "notas", "preguntas",
        "próximos pasos", "firmas", "penalizaciones", "penalidades", "requisitos de la oferta",
        "requisitos de la propuesta", "requisitos de los licitadores",
        "criterios de adjudicación", "criterios de evaluación",
        "instrucciones a los licitadores", "plazo de presentación",
    ],
    topics: &[
        "pago", "pagos",
        "mantenimiento", "soporte", "roles", "garantía", "equipo", "dependencias",
        "presentación",
    ],
    qualifiers: &[
        "los", "las", "el", "la", "lo", "nuestros", "nuestras", "sus", "principales", "otros",
        "otras", "no", "todos",
    ],
    followers: &["de", "del", "para", "en", "con", "a", "al", "por"],
    trailers: &[
        "funcionales", "técnicos", "técnicas", "generales", "proyecto", "específicos",
        "específicas", "mínimos", "previsto", "prevista", "principales",
    ],
    obligations: &[
        "debe", "deben", "deberá", "deberán", "debería", "deberían", "tiene que", "tienen que",
        "ha de", "han de", "es obligatorio", "es necesario", "se requiere", "se requieren",
        "no podrá", "no podrán", "no puede", "no pueden",
    ],
    turning: &[
        "no", "nunca", "sin", "ningún", "ninguna", "excepto", "salvo", "excluido", "exclusiones",
        "fuera", "opcional", "opcionales", "deseable", "deseables", "más adelante", "debería",
        "podría",
    ],
    grammar: Grammar::After,
};
