// The invocations of a workgroup share one row. Prepended to the kernels that reduce rows.

const INVOCATIONS: u32 = 64u;
const SHARERS: u32 = INVOCATIONS;
var<workgroup> partial: array<f32, INVOCATIONS>;

fn row_of(workgroup: u32, index: u32) -> u32 {
    return workgroup;
}

// The columns of an invocation begin here and are SHARERS apart.
fn first_column(index: u32) -> u32 {
    return index;
}

// Every invocation of the workgroup must get here; each brings its part and gets the sum.
fn total(value: f32, index: u32) -> f32 {
    partial[index] = value;
    workgroupBarrier();
    for (var stride = SHARERS / 2u; stride > 0u; stride /= 2u) {
        if (index < stride) {
            partial[index] += partial[index + stride];
        }
        workgroupBarrier();
    }
    let result = partial[0];
    workgroupBarrier();
    return result;
}

// As `total`, the largest.
fn largest(value: f32, index: u32) -> f32 {
    partial[index] = value;
    workgroupBarrier();
    for (var stride = SHARERS / 2u; stride > 0u; stride /= 2u) {
        if (index < stride) {
            partial[index] = max(partial[index], partial[index + stride]);
        }
        workgroupBarrier();
    }
    let result = partial[0];
    workgroupBarrier();
    return result;
}
