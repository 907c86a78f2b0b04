/// The weights that PyTorch keeps for the direction from the last row to the first.
fn reversed<'a>(vb: &nn::VarBuilder<'a>) -> nn::VarBuilder<'a> {
    vb.clone().rename_f(|name| format!("{name}_reverse"))
}
