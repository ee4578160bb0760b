//! Types of columns: which are read, and what messages call them.

use polars::prelude::ArrowDataType;

/// Whether a type is of an extension, or holds values of one.
pub(super) fn is_foreign(dtype: &ArrowDataType) -> bool {
    match dtype {
        ArrowDataType::Extension(_) => true,
        ArrowDataType::List(inner)
        | ArrowDataType::LargeList(inner)
        | ArrowDataType::FixedSizeList(inner, _) => is_foreign(inner.dtype()),
        ArrowDataType::Struct(fields) => fields.iter().any(|field| is_foreign(field.dtype())),
        _ => false,
    }
}

/// The name of a type that this build of polars has no column of, or none that any table here needs.
pub(super) fn unsupported(dtype: &ArrowDataType) -> Option<String> {
    (!is_readable(dtype)).then(|| type_name(dtype))
}

/// Whether a column is of plain values, of texts in a dictionary, of lists or structs of them, of lists of lists and so on.
fn is_readable(dtype: &ArrowDataType) -> bool {
    match dtype {
        ArrowDataType::List(inner) | ArrowDataType::LargeList(inner) => is_readable(inner.dtype()),
        ArrowDataType::FixedSizeList(inner, width) => *width > 0 && is_readable(inner.dtype()),
        ArrowDataType::Struct(fields) => {
            !fields.is_empty() && fields.iter().all(|field| is_readable(field.dtype()))
        }
        ArrowDataType::Dictionary(_, values, _) => {
            matches!(**values, ArrowDataType::Utf8 | ArrowDataType::LargeUtf8 | ArrowDataType::Utf8View)
        }
        other => is_plain(other),
    }
}

/// Whether values of a type are numbers, truth values, texts or bytes that polars reads.
fn is_plain(dtype: &ArrowDataType) -> bool {
    use ArrowDataType as T;
    is_number(dtype)
        || matches!(
            dtype,
            T::Utf8
                | T::LargeUtf8
                | T::Utf8View
                | T::Binary
                | T::LargeBinary
                | T::BinaryView
                | T::FixedSizeBinary(_)
        )
}

/// Whether values of a type are numbers or truth values.
pub(super) fn is_number(dtype: &ArrowDataType) -> bool {
    use ArrowDataType as T;
    fits_single(dtype)
        || matches!(
            dtype,
            T::Float64
                | T::Int32
                | T::Int64
                | T::UInt32
                | T::UInt64
                | T::Decimal(..)
                | T::Decimal32(..)
                | T::Decimal64(..)
        )
}

/// Whether f32 holds every value of the type.
pub(super) fn fits_single(dtype: &ArrowDataType) -> bool {
    use ArrowDataType as T;
    matches!(dtype, T::Boolean | T::UInt8 | T::UInt16 | T::Int8 | T::Int16 | T::Float16 | T::Float32)
}

/// A type as messages name it.
pub(super) fn type_name(dtype: &ArrowDataType) -> String {
    match dtype {
        ArrowDataType::Float16 => "f16".to_owned(),
        ArrowDataType::Float32 => "f32".to_owned(),
        ArrowDataType::Float64 => "f64".to_owned(),
        ArrowDataType::List(inner) | ArrowDataType::LargeList(inner) => {
            format!("list of {}", type_name(inner.dtype()))
        }
        ArrowDataType::FixedSizeList(inner, width) => {
            format!("list of {width} {}", type_name(inner.dtype()))
        }
        ArrowDataType::Dictionary(_, values, _) => format!("dictionary of {}", type_name(values)),
        ArrowDataType::Struct(_) => "struct".to_owned(),
        ArrowDataType::Map(..) => "map".to_owned(),
        ArrowDataType::Utf8 | ArrowDataType::LargeUtf8 | ArrowDataType::Utf8View => "text".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// Whether values are files as Hugging Face's `datasets` holds them: their bytes, and the path that they had.
pub(super) fn is_picture(dtype: &ArrowDataType) -> bool {
    use ArrowDataType as T;
    let ArrowDataType::Struct(fields) = dtype else { return false };
    let [bytes, path] = &fields[..] else { return false };
    (bytes.name == "bytes" && matches!(bytes.dtype(), T::Binary | T::LargeBinary | T::BinaryView))
        && (path.name == "path" && matches!(path.dtype(), T::Utf8 | T::LargeUtf8 | T::Utf8View))
}
