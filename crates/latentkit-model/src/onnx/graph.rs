//! Operators of ONNX one after the other.

use super::proto::{
    ATTRIBUTE_FLOAT, ATTRIBUTE_INT, ATTRIBUTE_INTS, ATTRIBUTE_STRING, Attribute, Dimension, FLOAT, Graph,
    INT64, Node, TensorProto, TensorShape, TensorType, TypeProto, ValueInfo,
};
use crate::tensor::Tensor;

/// A graph in which each operator takes what the one before has made.
pub(super) struct Chain {
    nodes: Vec<Node>,
    tensors: Vec<TensorProto>,
    last: String,
}

impl Chain {
    /// A graph that starts with an input of this name.
    pub(super) fn new(input: &str) -> Self {
        Self { nodes: Vec::new(), tensors: Vec::new(), last: input.to_owned() }
    }

    /// Adds an operator, whose further inputs have these names.
    pub(super) fn add(&mut self, operator: &str, inputs: &[&str], attributes: Vec<Attribute>) {
        let name = format!("{}_{}", operator.to_lowercase(), self.nodes.len());
        let first = std::mem::replace(&mut self.last, name.clone());
        self.nodes.push(Node {
            input: [first].into_iter().chain(inputs.iter().map(|&name| name.to_owned())).collect(),
            output: vec![name.clone()],
            name,
            op_type: operator.to_owned(),
            attribute: attributes,
        });
    }

    /// The name of what the last operator has made.
    pub(super) fn last(&self) -> &str {
        &self.last
    }

    /// A tensor of the model, under its own name.
    pub(super) fn tensor(&mut self, tensor: &Tensor) -> String {
        let dims = tensor.shape.iter().map(|&length| length as i64).collect();
        let raw_data = tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(TensorProto { dims, data_type: FLOAT, name: tensor.name.clone(), raw_data })
    }

    /// A number.
    pub(super) fn number(&mut self, name: &str, value: f32) -> String {
        let raw_data = value.to_le_bytes().to_vec();
        self.constant(TensorProto { dims: Vec::new(), data_type: FLOAT, name: name.to_owned(), raw_data })
    }

    /// Numbers of 32 bits in a row.
    pub(super) fn numbers(&mut self, name: &str, values: &[f32]) -> String {
        let raw_data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let dims = vec![values.len() as i64];
        self.constant(TensorProto { dims, data_type: FLOAT, name: name.to_owned(), raw_data })
    }

    /// Whole numbers in a row.
    pub(super) fn integers(&mut self, values: &[i64]) -> String {
        let name = format!("shape_{}", self.nodes.len());
        let raw_data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(TensorProto { dims: vec![values.len() as i64], data_type: INT64, name, raw_data })
    }

    fn constant(&mut self, tensor: TensorProto) -> String {
        let name = tensor.name.clone();
        if self.tensors.iter().all(|other| other.name != name) {
            self.tensors.push(tensor);
        }
        name
    }

    /// The graph, whose last operator makes the output.
    pub(super) fn finish(mut self, name: &str, input: ValueInfo, output: ValueInfo) -> Graph {
        let last = self.nodes.last_mut().expect("a model has layers");
        last.output = vec![output.name.clone()];
        Graph {
            node: self.nodes,
            name: name.to_owned(),
            initializer: self.tensors,
            input: vec![input],
            output: vec![output],
        }
    }
}

/// An input or output: a batch of any number of arrays of this shape.
pub(super) fn batch(name: &str, elements: i32, shape: &[usize], about: &str) -> ValueInfo {
    let open = Dimension { dim_value: None, dim_param: Some("batch".to_owned()) };
    let fixed = |&length: &usize| Dimension { dim_value: Some(length as i64), dim_param: None };
    let dim = [open].into_iter().chain(shape.iter().map(fixed)).collect();
    let tensor_type = TensorType { elem_type: elements, shape: Some(TensorShape { dim }) };
    ValueInfo {
        name: name.to_owned(),
        r#type: Some(TypeProto { tensor_type: Some(tensor_type) }),
        doc_string: about.to_owned(),
    }
}

pub(super) fn integer(name: &str, value: i64) -> Attribute {
    Attribute { name: name.to_owned(), i: Some(value), kind: ATTRIBUTE_INT, ..Attribute::default() }
}

pub(super) fn integers(name: &str, values: &[usize]) -> Attribute {
    let ints = values.iter().map(|&value| value as i64).collect();
    Attribute { name: name.to_owned(), ints, kind: ATTRIBUTE_INTS, ..Attribute::default() }
}

pub(super) fn float(name: &str, value: f32) -> Attribute {
    Attribute { name: name.to_owned(), f: Some(value), kind: ATTRIBUTE_FLOAT, ..Attribute::default() }
}

pub(super) fn text(name: &str, value: &str) -> Attribute {
    let s = Some(value.as_bytes().to_vec());
    Attribute { name: name.to_owned(), s, kind: ATTRIBUTE_STRING, ..Attribute::default() }
}
