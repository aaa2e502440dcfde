"""Invented Vietnamese names: plain words for plants, birds, weather and work, no persons and no dates."""

from __future__ import annotations

import unicodedata

WATERWAYS = (
    "Rạch Sen", "Rạch Dừa", "Rạch Bần", "Rạch Lục Bình", "Rạch Súng", "Rạch Trâm", "Rạch Cò", "Rạch Điên Điển",
    "Rạch Ô Môi", "Rạch Tràm", "Rạch Lau", "Rạch Sậy", "Rạch Bông", "Rạch Cá Linh", "Rạch Vịt", "Rạch Ngỗng",
    "Rạch Gừa", "Rạch Mù U", "Rạch Bàng", "Rạch Me", "Rạch Xoài", "Rạch Cau", "Rạch Trúc", "Rạch Rau Nhút",
    "Rạch Bèo", "Rạch Lá", "Rạch Chuối", "Rạch Mận", "Rạch Ổi", "Rạch Cóc",
)  # fmt: skip
WARDS = (
    "Bến Mẫu", "Chợ Mẫu", "Sen Mẫu", "Rạch Mẫu", "Phượng Mẫu", "Dừa Mẫu", "Vườn Mẫu", "Kinh Mẫu", "Lúa Mẫu", "Đồng Mẫu",
    "Cau Mẫu", "Bần Mẫu",
)  # fmt: skip
"""Names of wards; *mẫu* means sample."""
MAIN_STREETS = (
    "Phù Sa", "Hòa Bình", "Mùa Vàng", "Chợ Nổi", "Bình Minh", "Tương Lai", "Ánh Dương", "Sum Họp", "Cửu Long",
    "Đồng Bằng", "Hạnh Phúc", "Hòa Hợp", "Bông Lúa", "Ban Mai", "Hừng Đông", "Sông Xanh", "Cánh Buồm", "Hải Đăng",
    "Cầu Tre", "Bến Đò", "Bạch Đàn", "Mặt Trời", "Sao Mai", "Trăng Rằm",
)  # fmt: skip
_FIRST = (
    "Hoa", "Sao", "Bông", "Lá", "Vườn", "Đồng", "Bến", "Gò", "Ruộng", "Cầu", "Chim", "Cây", "Ngõ", "Xóm", "Bờ", "Lúa",
    "Suối", "Nắng", "Gió", "Mưa",
)  # fmt: skip
_SECOND = (
    "Sen", "Mai", "Lan", "Cúc", "Sứ", "Lài", "Trúc", "Đào", "Hồng", "Súng", "Phượng", "Bằng Lăng", "Sao Đen", "Dầu Rái",
    "Điên Điển", "Lục Bình", "Ô Môi", "Me", "Xoài", "Mận", "Ổi", "Dừa", "Cau", "Chuối", "Khế", "Bưởi", "Cam", "Quýt",
    "Nhãn", "Vú Sữa", "Sầu Riêng", "Chôm Chôm", "Măng Cụt", "Mù U", "Gừa", "Bần", "Tràm", "Đước", "Lau", "Sậy",
    "Cò Trắng", "Vàng", "Xanh", "Mới", "Lớn", "Nhỏ", "Đông", "Tây", "Nam", "Bắc", "Sớm", "Chiều", "Bồ Câu", "Sơn Ca",
    "Hải Âu", "Vành Khuyên", "Chìa Vôi", "Sáo Sậu", "Le Le", "Én",
)  # fmt: skip
STREETS = (
    *_SECOND[:41], *_SECOND[52:], *(f"{first} {second}" for second in _SECOND for first in _FIRST if first != second),
)  # fmt: skip
"""Names of lesser streets, the simplest first."""


def latin(text: str) -> str:
    """Write Vietnamese without marks.

    Parameters
    ----------
    text : str
        Vietnamese text, composed.

    Returns
    -------
    str
        The same in ASCII letters, case kept.
    """
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
