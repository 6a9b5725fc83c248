"""Vector instructions for loops too short for a compiler to vectorise: `WIDTH` numbers at once, in any max
norm.

Points lie in tiles of `WIDTH`, `(tiles, columns, WIDTH)`, so that one column of one tile is one vector. What
follows is written as LLVM code, because the check whether two arrays overlap, which LLVM puts before each
loop that it vectorises, costs more than a loop over 16 numbers. LLVM cuts the vectors to what the processor
has.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

WIDTH = 16

_FUNCTION: Any = cgutils.get_or_insert_function
_DOUBLE, _INT32, _INT64 = ir.DoubleType(), ir.IntType(32), ir.IntType(64)
_VECTOR = ir.VectorType(_DOUBLE, WIDTH)
_UNDEFINED = ir.Constant(_VECTOR, ir.Undefined)
_FIRST_LANE = ir.Constant(ir.VectorType(_INT32, WIDTH), [0] * WIDTH)


def _vector(builder: Any, array: Any, row: Any) -> Any:
    """The address of vector `row` of an array whose last axis is `WIDTH` long."""
    return builder.gep(builder.bitcast(array.data, _VECTOR.as_pointer()), [row])


def _load(builder: Any, address: Any) -> Any:
    loaded = builder.load(address)
    loaded.align = 8  # numpy promises no more
    return loaded


def _in_all_lanes(builder: Any, number: Any) -> Any:
    one = builder.insert_element(_UNDEFINED, number, ir.Constant(_INT32, 0))
    return builder.shuffle_vector(one, _UNDEFINED, _FIRST_LANE)


def _maximum(name: str, absolute: bool) -> Any:
    """`out[o] = max(start[s], tiles[t, u] - point[u] for u in range(first, last))`, lane by lane.

    Of the differences' absolute values where `absolute`. Gives the bits of the lanes in which that is at most
    `bound`.
    """

    def typed(
        _context: Any,
        tiles: Any,
        _t: Any,
        _first: Any,
        _last: Any,
        point: Any,
        start: Any,
        _s: Any,
        out: Any,
        _o: Any,
        _bound: Any,
    ) -> Any:
        size = types.intp
        signature = types.int64(tiles, size, size, size, point, start, size, out, size, types.float64)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            def array(place: int) -> Any:
                return context.make_array(signature.args[place])(context, builder, arguments[place])

            _, t, first, last, _, _, s, _, o, bound = arguments
            tiles, point, start, out = array(0), array(4), array(5), array(7)
            tile = _vector(builder, tiles, builder.mul(t, builder.extract_value(tiles.shape, 1)))
            begin = _load(builder, _vector(builder, start, s))
            before, loop, after = builder.block, builder.append_basic_block(), builder.append_basic_block()
            builder.branch(loop)
            builder.position_at_end(loop)
            u, largest = builder.phi(_INT64), builder.phi(_VECTOR)
            here = _in_all_lanes(builder, builder.load(builder.gep(point.data, [u])))
            difference = builder.fsub(_load(builder, builder.gep(tile, [u])), here)
            if absolute:
                kind = ir.FunctionType(_VECTOR, [_VECTOR])
                fabs = _FUNCTION(builder.module, kind, f"llvm.fabs.v{WIDTH}f64")
                difference = builder.call(fabs, [difference])
            larger = builder.select(builder.fcmp_ordered(">", difference, largest), difference, largest)
            following = builder.add(u, ir.Constant(_INT64, 1))
            u.add_incoming(first, before)
            u.add_incoming(following, loop)
            largest.add_incoming(begin, before)
            largest.add_incoming(larger, loop)
            builder.cbranch(builder.icmp_signed("<", following, last), loop, after)
            builder.position_at_end(after)
            builder.store(larger, _vector(builder, out, o)).align = 8
            inside = builder.fcmp_ordered("<=", larger, _in_all_lanes(builder, bound))
            return builder.zext(builder.bitcast(inside, ir.IntType(WIDTH)), _INT64)

        return signature, generate

    typed.__name__ = name
    return intrinsic(typed)


farthest_column = _maximum("farthest_column", absolute=True)
farthest_side = _maximum("farthest_side", absolute=False)


def _lowest_bit(_context: Any, _bits: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.int64), generate


def _count_bits(_context: Any, _bits: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), generate


lowest_bit: Any = intrinsic(_lowest_bit)  # the place of the lowest bit that is set
count_bits: Any = intrinsic(_count_bits)  # how many bits are set
