"""Half a million Vietnamese names, the same in every run: streets, wards, houses and parcels of a large city."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import accumulate

_FAMILY = """
    Nguyễn Trần Lê Phạm Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đinh Trịnh Mạc Châu Thái Cao Lâm Tô
"""
_GIVEN = """
    An Ánh Anh Ân Ấn Bá Bắc Bảo Bích Bình Bông Bửu Cẩm Cần Cát Chánh Châu Chí Chiến Chính Công Cường Danh Dân Di Diệu
    Du Duy Dũng Đại Đạo Đạt Đăng Điền Điện Định Đoàn Độ Đông Đồng Đức Gia Giang Giao Hạ Hà Hải Hàm Hạnh Hào Hậu Hiền
    Hiệp Hiếu Hoa Hòa Hoàng Hội Hồng Hùng Huệ Huy Hữu Hưng Hương Khai Khánh Khải Khê Khoa Khuyến Kiệt Kiều Kim Kỳ Lạc
    Lai Lâm Lan Lãng Lân Lập Liên Liêm Linh Lộ Lộc Lợi Long Lực Lương Mai Mậu Minh Mộc Mỹ Nam Năng Nga Ngân Ngãi Nghĩa
    Nghiệp Ngọc Nguyên Nhân Nhật Nhơn Ninh Nhựt Phát Phi Phong Phú Phúc Phụng Phước Phương Quan Quang Quân Quế Quốc
    Quới Quý Quyền Quỳnh Sa Sơn Sương Tài Tâm Tân Tấn Tây Thạch Thái Thân Thắng Thanh Thành Thảo Thi Thiện Thịnh Thọ
    Thới Thông Thu Thủ Thuận Thủy Thư Thương Tiên Tiến Tín Toàn Toản Trà Trãi Trang Tri Trí Triều Trinh Trọng Trung
    Trường Tú Tuấn Tuyên Tuyền Tường Vân Văn Viên Viết Việt Vinh Vĩnh Vọng Xuân Xuyên Ý Yên Yến
"""
_SHOPS = """
    Nhà thuốc, Quán cà phê, Tiệm vàng, Trường tiểu học, Trường trung học cơ sở, Chợ, Cửa hàng, Siêu thị, Khách sạn,
    Trạm y tế, Chùa, Đình, Công ty, Ngân hàng, Bến tàu, Công viên, Nhà văn hóa, Trường mầm non, Quán ăn, Trạm bơm
"""
FAMILY, GIVEN = _FAMILY.split(), _GIVEN.split()
SHOPS = " ".join(_SHOPS.split()).split(", ")
FREQUENCY = list(accumulate(1 / (8 + place * 37 % len(GIVEN)) for place in range(len(GIVEN))))
"""Of the given names, summed up: the most frequent one is some twenty times as frequent as the rarest."""
STREETS, WARDS, HOUSES, LOTS = 6_000, 99, 193_901, 300_000


def name(dice: random.Random, *, person: bool = False) -> str:
    """Name of two or three words, or of a person."""
    words = dice.choices(GIVEN, cum_weights=FREQUENCY, k=dice.choice((2, 2, 2, 3)))
    return " ".join([dice.choice(FAMILY), *words] if person else words)


def street(dice: random.Random) -> str:
    """Name of a street, often that of a person."""
    return f"{dice.choice(('Đường', 'Đường', 'Hẻm'))} {name(dice, person=dice.random() < 0.7)}"


def house(dice: random.Random) -> str:
    """Number of a house."""
    return f"{dice.randrange(1, 400)}{dice.choice(('', '', f'/{dice.randrange(1, 30)}'))}"


def city(seed: int = 92) -> Iterator[tuple[str, str, str]]:
    """Yield register, name or address, and code of half a million things."""
    dice = random.Random(seed)
    roads, wards = [street(dice) for _ in range(STREETS)], [f"Phường {name(dice)}" for _ in range(WARDS)]
    yield from (("street", road, f"MP-D{number:04}") for number, road in enumerate(roads))
    yield from (("administrative_unit", ward, f"MP-P{number:02}") for number, ward in enumerate(wards))
    for number in range(HOUSES):
        yield "building", f"{dice.choice(SHOPS)} {name(dice)}", f"MP-N{number:06}"
    for number in range(LOTS):
        address = f"{house(dice)} {dice.choice(roads)}, {dice.choice(wards)}"
        yield "parcel", address, f"MP-T{number // 500:03}-{number % 500:04}"
