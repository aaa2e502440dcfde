"""What each kind of finding is called, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from sdi.declaration import Label

_TITLES: Mapping[str, tuple[str, str]] = {
    "accuracy-too-poor": ("Độ chính xác không đủ", "Accuracy too poor"),
    "accuracy-unknown": ("Không rõ độ chính xác", "Accuracy not stated"),
    "axes-exchanged": ("Đổi thứ tự trục tọa độ", "Axes exchanged"),
    "bbox-wrong": ("Khung bao sai", "Bounding box wrong"),
    "label-mistyped": ("Nhãn gõ sai", "Label with a typing error"),
    "code-expired": ("Mã đã hết hiệu lực", "Code no longer valid"),
    "code-zeros": ("Mã mất số 0 ở đầu", "Leading zeros of codes restored"),
    "code-unknown": ("Mã không có trong danh mục", "Code not in the list"),
    "column-missing": ("Thiếu cột", "Column missing"),
    "coordinate-not-finite": ("Tọa độ không phải là số", "Coordinate is no number"),
    "coordinate-outlier": ("Vị trí nằm quá xa", "Place far from all others"),
    "coordinate-outside": ("Vị trí ngoài hệ tọa độ", "Place outside the CRS"),
    "coordinate-slip": ("Sai dấu hoặc đảo trục ở một dòng", "Sign lost or axes exchanged in a row"),
    "coordinate-unreadable": ("Không đọc được tọa độ", "Coordinates unreadable"),
    "crs-detected": ("Hệ tọa độ suy ra từ dữ liệu", "CRS told from the data"),
    "crs-matched": ("Nhận ra hệ tọa độ không có mã", "CRS without code recognised"),
    "crs-member": ("Hệ tọa độ ghi theo cách cũ", "CRS named in the old way"),
    "crs-overridden": ("Dùng hệ tọa độ do phiếu khai báo", "CRS taken from the entry"),
    "crs-without-code": ("Hệ tọa độ không có mã", "CRS without code"),
    "date-far": ("Năm ngoài khoảng hợp lý", "Year out of range"),
    "date-ambiguous": ("Ngày tháng hiểu được hai cách", "Date with two readings"),
    "date-order": ("Thứ tự ngày tháng", "Order of day and month"),
    "decimal-comma": ("Dấu phẩy thập phân", "Decimal comma"),
    "encoding-assumed": ("Bảng mã được giả định", "Encoding assumed"),
    "encoding-detected": ("Nhận ra bảng mã", "Encoding recognised"),
    "encoding-tcvn3": ("Cột viết bằng TCVN3", "Column in TCVN3"),
    "encoding-vni": ("Cột viết bằng VNI", "Column in VNI"),
    "encoding-windows-1258": ("Cột viết bằng windows-1258", "Column in windows-1258"),
    "field-duplicate": ("Tên cột trùng nhau", "Column name stands twice"),
    "field-unmapped": ("Trường bắt buộc chưa có nguồn", "Required field without a source"),
    "geojson-properties-missing": ("Thiếu thuộc tính properties", "Member properties missing"),
    "geometry-antimeridian": ("Cắt tại kinh tuyến 180°", "Cut at the antimeridian"),
    "geometry-collapsed": ("Vùng không có diện tích", "Polygon without area"),
    "geometry-collection": ("Lấy hình ra khỏi tập hợp", "Taken out of a collection"),
    "geometry-empty": ("Hình rỗng", "Empty geometry"),
    "geometry-fourth-ordinate": ("Bỏ tọa độ thứ tư", "Fourth ordinate dropped"),
    "geometry-heights-dropped": ("Bỏ cao độ toàn số 0", "Heights of zero dropped"),
    "geometry-heights-kept": ("Giữ cao độ", "Heights kept"),
    "geometry-invalid": ("Hình học sai", "Invalid geometry"),
    "geometry-reprojected": ("Hình học hỏng khi chuyển hệ tọa độ", "Geometry broken by the reprojection"),
    "geometry-measures": ("Bỏ giá trị đo M", "Measures dropped"),
    "geometry-missing": ("Thiếu hình", "No geometry"),
    "geometry-nested-collection": ("Tập hợp hình lồng nhau", "Nested collection of geometries"),
    "geometry-repeated-points": ("Đỉnh lặp lại", "Repeated vertices"),
    "geometry-tangled": ("Vùng tự cắt quá nhiều lần", "Polygon that crosses itself too often"),
    "geometry-too-few-positions": ("Quá ít đỉnh", "Too few positions"),
    "geometry-type": ("Sai loại hình", "Wrong type of geometry"),
    "geometry-unclosed": ("Vòng chưa khép kín", "Ring not closed"),
    "geometry-unreadable": ("Không đọc được hình", "Geometry unreadable"),
    "geometry-winding": ("Vòng chạy ngược chiều", "Ring runs the wrong way"),
    "geometry-zero-length": ("Đường không có chiều dài", "Line without length"),
    "identifier-duplicate": ("Mã định danh trùng", "Identifier stands twice"),
    "identifier-elsewhere": ("Mã chỉ một nơi khác", "Identifier names another place"),
    "identifier-missing": ("Thiếu mã định danh", "No identifier"),
    "identifier-pattern": ("Mã định danh sai mẫu", "Identifier of the wrong form"),
    "identifier-recomputed": ("Mã khác với vị trí tính lại", "Identifier differs from the place"),
    "no-rows": ("Không có dòng nào", "No rows"),
    "places-off-city": ("Vị trí nằm ngoài thành phố", "Places off the city"),
    "ring-unreadable": ("Không đọc được đường bao", "Outline unreadable"),
    "row-repeated": ("Dòng lặp lại nguyên vẹn", "Row stands twice"),
    "rows-selected": ("Chỉ lấy một phần", "Rows selected"),
    "rule-broken": ("Vi phạm quy tắc", "Rule broken"),
    "shapefile-attributes-missing": ("Thiếu tệp .dbf", "No .dbf part"),
    "shapefile-deleted-rows": ("Dòng đã đánh dấu xóa", "Rows marked as deleted"),
    "shapefile-index-missing": ("Thiếu tệp .shx", "No .shx part"),
    "shapefile-index-wrong": ("Tệp .shx không khớp", ".shx part does not fit"),
    "shapefile-length": ("Độ dài tệp .shp sai", "Length of the .shp part wrong"),
    "shapefile-record-numbers": ("Số thứ tự bản ghi sai", "Record numbers wrong"),
    "text-case-uncertain": ("Chưa chắc chữ hoa", "Capitals uncertain"),
    "text-control-characters": ("Bỏ ký tự điều khiển", "Control characters taken out"),
    "text-decomposed": ("Dấu viết rời được ghép lại", "Marks written apart composed"),
    "text-escaped": ("Chữ viết bằng mã \\u", "Letters written as escapes"),
    "text-lost-letters": ("Mất chữ", "Letters lost"),
    "text-markup": ("Văn bản giống mã đánh dấu", "Text looks like markup"),
    "text-pattern": ("Văn bản sai mẫu", "Text of the wrong form"),
    "text-spaces": ("Bỏ ngắt dòng và khoảng trắng thừa", "Line breaks and spaces taken out"),
    "text-suspicious": ("Văn bản đáng ngờ", "Suspicious text"),
    "text-tcvn3": ("Chữ TCVN3 chuyển sang Unicode", "TCVN3 text converted"),
    "text-too-long": ("Văn bản quá dài", "Text too long"),
    "text-utf-8": ("Chữ vỡ dấu được phục hồi", "Garbled text restored"),
    "text-vni": ("Chữ VNI chuyển sang Unicode", "VNI text converted"),
    "text-windows-1258": ("Chữ windows-1258 chuyển sang Unicode", "windows-1258 text converted"),
    "unit-unmatched": ("Tên trên bản đồ cũ không khớp đơn vị nào", "Name on an older map that belongs to no unit"),
    "unit-converted": ("Đổi đơn vị", "Unit converted"),
    "value-ambiguous": ("Số hiểu được hai cách", "Number with two readings"),
    "value-default": ("Dùng giá trị mặc định", "Default taken"),
    "value-missing": ("Thiếu giá trị bắt buộc", "Required value missing"),
    "value-no-date": ("Không phải ngày tháng", "No date"),
    "value-no-number": ("Không phải số", "No number"),
    "value-no-truth": ("Không phải đúng/sai", "Neither true nor false"),
    "value-no-series": ("Không phải dãy số", "No row of numbers"),
    "value-not-whole": ("Không phải số nguyên", "No whole number"),
    "value-out-of-range": ("Giá trị ngoài khoảng cho phép", "Value out of range"),
    "value-unmapped": ("Giá trị chưa được ánh xạ", "Value not mapped"),
    "value-without-zone": ("Thiếu múi giờ", "No time zone"),
}


def title(code: str) -> Label:
    """Name a kind of finding.

    Parameters
    ----------
    code : str
        Slug of the finding.

    Returns
    -------
    Label
        The slug itself where it has no name.
    """
    return Label(*_TITLES.get(code, (code, code)))
