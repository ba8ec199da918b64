"""Writes tensor_files.safetensors and tensor_files_<type>.npy with Python's own libraries.

    pip install safetensors numpy ml_dtypes torch && python tests/golden/tensor_files.py

Element i of a tensor is i - 2 (unsigned: i; boolean: i is even); in the float types, half of it.
"""
import os
import numpy, torch
from safetensors.torch import save_file

here = os.path.dirname(os.path.abspath(__file__))


def counted(shape, dtype):
    i = torch.arange(int(numpy.prod(shape))).reshape(shape)
    if dtype == torch.bool: return i % 2 == 0
    if dtype == torch.uint8: return i.to(dtype)
    return ((i - 2) / 2 if dtype.is_floating_point else i - 2).to(dtype)


types = {"f64": torch.float64, "f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16, "i64": torch.int64,
         "i32": torch.int32, "i16": torch.int16, "i8": torch.int8, "u8": torch.uint8, "bool": torch.bool}
tensors = {name: counted((3, 5), dtype) for name, dtype in types.items()}
tensors |= {"scalar": torch.tensor(0.5), "empty": torch.zeros(0, 4)}
save_file(tensors, f"{here}/tensor_files.safetensors", metadata={"made by": "Python"})
for name in ("f16", "f32", "f64", "i32", "i64", "u8", "bool"):
    numpy.save(f"{here}/tensor_files_{name}.npy", tensors[name].numpy())
numpy.save(f"{here}/tensor_files_scalar.npy", numpy.float32(0.5))
numpy.save(f"{here}/tensor_files_vector.npy", numpy.arange(4, dtype=numpy.int32))
