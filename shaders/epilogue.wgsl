// What happens to a sum of products before it is stored. Prepended to the kernels that multiply by weights.

const STORE: u32 = 0u;
const ADD: u32 = 1u;
const ADD_GATED: u32 = 2u;
const MULTIPLY: u32 = 3u;

// `other` is the value of the second operand at the same place, `gate` that of the gate in the same column.
fn combine(value: f32, epilogue: u32, other: f32, gate: f32) -> f32 {
    switch epilogue {
        case ADD: { return other + value; }
        case ADD_GATED: { return other + value * gate; }
        case MULTIPLY: { return other * value; }
        default: { return value; }
    }
}
