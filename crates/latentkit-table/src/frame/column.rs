//! A column of plain values to be written.

use polars::prelude::{ArrowDataType, ArrowField};
use polars_arrow::array::{Array, FixedSizeListArray, PrimitiveArray, StructArray, Utf8ViewArray};
use polars_arrow::types::NativeType;
use serde_json::Value;

/// A column.
pub(super) struct Column {
    /// What readers are told of it: its name, its type, whether it may hold nulls.
    pub(super) field: ArrowField,
    pub(super) array: Box<dyn Array>,
    /// What Hugging Face's `datasets` makes of it, where that does not follow from its type.
    pub(super) feature: Option<Value>,
}

impl Column {
    pub(super) fn new(name: &str, array: impl Array + 'static, nullable: bool) -> Self {
        let field = ArrowField::new(name.into(), plain(array.dtype().clone()), nullable);
        Self { field, array: Box::new(array), feature: None }
    }

    /// The same column as `datasets` shall see it. It keeps the type of a feature for columns that may be null only.
    pub(super) fn with_feature(mut self, feature: Value) -> Self {
        self.field.is_nullable = true;
        self.feature = Some(feature);
        self
    }

    pub(super) fn numbers<T: NativeType>(name: &str, values: Vec<T>) -> Self {
        Self::new(name, PrimitiveArray::from_vec(values), false)
    }

    pub(super) fn numbers_or_null<T: NativeType>(name: &str, values: Vec<Option<T>>) -> Self {
        Self::new(name, PrimitiveArray::from_iter(values), true)
    }

    /// Lists of `width` values each, given one after the other.
    pub(super) fn lists<T: NativeType>(name: &str, values: Vec<T>, width: usize) -> Self {
        let (rows, values) = (values.len() / width, PrimitiveArray::from_vec(values));
        let item = ArrowField::new("item".into(), values.dtype().clone(), false);
        let dtype = ArrowDataType::FixedSizeList(Box::new(item), width);
        Self::new(name, FixedSizeListArray::new(dtype, rows, Box::new(values), None), false)
    }

    /// Files with the names that they had elsewhere, of which these have none.
    pub(super) fn files(name: &str, files: impl Array + 'static) -> Self {
        let rows = files.len();
        let paths = Utf8ViewArray::new_null(ArrowDataType::Utf8View, rows);
        let fields = [("bytes", files.dtype()), ("path", paths.dtype())]
            .map(|(name, dtype)| ArrowField::new(name.into(), dtype.clone(), true));
        let dtype = ArrowDataType::Struct(fields.into());
        Self::new(name, StructArray::new(dtype, rows, vec![Box::new(files), Box::new(paths)], None), false)
    }
}

/// The type by which readers of Arrow know a column: `string`, `binary` and `list`. By that of polars they would be views, for
/// which readers lack filters, sorts and casts.
fn plain(dtype: ArrowDataType) -> ArrowDataType {
    use ArrowDataType as T;
    let field = |field: ArrowField| ArrowField { dtype: plain(field.dtype), ..field };
    match dtype {
        T::Utf8View => T::Utf8,
        T::BinaryView => T::Binary,
        T::Struct(fields) => T::Struct(fields.into_iter().map(field).collect()),
        other => other,
    }
}
