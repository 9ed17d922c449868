"""The shapes that `llama bench --shape` knows, and what a token of each costs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head: int
    ffn: int
    vocabulary: int
    theta: float = 10000.0

    @property
    def block_weights(self) -> int:
        """Weights of all blocks' matrices: q, k, v, output, gate, up, down."""
        attention = self.hidden * self.head * (2 * self.heads + 2 * self.kv_heads)
        return self.layers * (attention + 3 * self.hidden * self.ffn)

    @property
    def head_weights(self) -> int:
        """Weights of the output projection, which is the embedding."""
        return self.hidden * self.vocabulary

    def decode_bytes(self, bytes_per_weight: int) -> int:
        """Bytes of weights that one decode step reads."""
        return bytes_per_weight * (self.block_weights + self.head_weights)

    def cache_bytes(self, positions: float, bytes_per_value: int) -> float:
        """Bytes of keys and values that a decode step reads which sees so many positions."""
        return positions * self.layers * 2 * self.kv_heads * self.head * bytes_per_value

    def prefill_flops(self, tokens: int) -> float:
        """
        Operations of a prefill whose last position alone gets logits: two a weight and token, and in attention two products a head, each of
        two operations a position and number, over the positions that causal attention sees.
        """
        attention = 4 * self.layers * self.heads * self.head * tokens * (tokens + 1) / 2
        return 2.0 * self.block_weights * tokens + 2.0 * self.head_weights + attention


SHAPES = {
    "tiny": Shape(64, 2, 4, 2, 16, 128, 512),
    "15m": Shape(288, 6, 6, 6, 48, 768, 32000),
    "110m": Shape(768, 12, 12, 12, 64, 2048, 32000),
    "1b": Shape(2048, 16, 32, 8, 64, 8192, 128256, 500000.0),
}
