"""Writes LLVM code for rows of `WIDTH` numbers at once, for the instructions in `_lanes`."""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils

WIDTH = 16

DOUBLE, INT32, INT64 = ir.DoubleType(), ir.IntType(32), ir.IntType(64)
ROW, COUNTS = ir.VectorType(DOUBLE, WIDTH), ir.VectorType(INT64, WIDTH)
PLACES, MASK = ir.VectorType(DOUBLE.as_pointer(), WIDTH), ir.VectorType(ir.IntType(1), WIDTH)
ZERO, ONE = ir.Constant(INT64, 0), ir.Constant(INT64, 1)


class Code:
    """LLVM code under construction, in operations on rows."""

    def __init__(self, context: Any, builder: Any) -> None:
        self.context, self.build = context, builder

    def row(self, array: Any, number: Any = ZERO, kind: Any = ROW) -> Any:
        """The address of a row."""
        return self.build.gep(self.build.bitcast(array.data, kind.as_pointer()), [number])

    def load(self, address: Any) -> Any:
        loaded = self.build.load(address)
        loaded.align = 8  # numpy guarantees no more
        return loaded

    def store(self, row: Any, address: Any) -> None:
        self.build.store(row, address).align = 8

    def spread(self, number: Any, kind: Any = ROW) -> Any:
        """A row that repeats one number."""
        blank = ir.Constant(kind, ir.Undefined)
        first = self.build.insert_element(blank, number, ir.Constant(INT32, 0))
        return self.build.shuffle_vector(first, blank, ir.Constant(ir.VectorType(INT32, WIDTH), [0] * WIDTH))

    def gather(self, array: Any, places: Any) -> Any:
        """The numbers of an array `(n,)` at a row of places."""
        start = self.spread(self.build.ptrtoint(array.data, INT64), COUNTS)
        bytes_in = self.build.mul(places, ir.Constant(COUNTS, [8] * WIDTH))
        addresses = self.build.inttoptr(self.build.add(start, bytes_in), PLACES)
        declare: Any = cgutils.get_or_insert_function
        kind = ir.FunctionType(ROW, [PLACES, INT32, MASK, ROW])
        function = declare(self.build.module, kind, f"llvm.masked.gather.v{WIDTH}f64.v{WIDTH}p0f64")
        everywhere, blank = ir.Constant(MASK, [1] * WIDTH), ir.Constant(ROW, ir.Undefined)
        return self.build.call(function, [addresses, ir.Constant(INT32, 8), everywhere, blank])

    def larger(self, one: Any, other: Any) -> Any:
        return self.llvm("maxnum", one, other)

    def smaller(self, one: Any, other: Any) -> Any:
        # A comparison and a select would be stored through a mask, and the next load would wait for it.
        return self.llvm("minnum", one, other)

    def llvm(self, name: str, *rows: Any, result: Any = ROW) -> Any:
        """One of LLVM's functions, on rows without NaN."""
        declare: Any = cgutils.get_or_insert_function
        kind = ir.FunctionType(result, [ROW] * len(rows))
        function = declare(self.build.module, kind, f"llvm.{name}.v{WIDTH}f64")
        return self.build.call(function, rows, fastmath=("nnan",))

    def loop(self, start: Any, stop: Any, values: Sequence[Any], body: Callable[..., Sequence[Any]]) -> Sequence[Any]:
        """`values = body(i, *values)` for i from start to stop - 1, but at least once."""
        build = self.build
        before, inside, after = build.block, build.append_basic_block(), build.append_basic_block()
        build.branch(inside)
        build.position_at_end(inside)
        i, carried = build.phi(INT64), [build.phi(value.type) for value in values]
        following = body(i, *carried)
        following_i = build.add(i, ONE)
        for phi, first, later in zip([i, *carried], [start, *values], [following_i, *following], strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(later, build.block)
        build.cbranch(build.icmp_signed("<", following_i, stop), inside, after)
        build.position_at_end(after)
        return following


def operation(result: Any, kinds: Sequence[Any], body: Callable[..., Any]) -> tuple[Any, Callable[..., Any]]:
    """What numba needs for an intrinsic: a signature, and a function that writes its code."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values = [
            context.make_array(kind)(context, builder, value) if isinstance(kind, types.Array) else value
            for kind, value in zip(signature.args, arguments, strict=True)
        ]
        found = body(Code(context, builder), *values)
        return context.get_dummy_value() if found is None else found

    return result(*kinds), generate
