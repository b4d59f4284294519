package struct ForecastDrawing {
  private let forecast: Forecast
  package init(_ forecast: Forecast) { self.forecast = forecast }
  package var svg: String { "" }
}
